"""HTTP in: the webhook door, and the admin pages on a port of their own."""
