"""What the engine and the workers need from the world, in our own verbs. Adapters implement these; assembly joins."""
