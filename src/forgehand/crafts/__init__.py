"""Skills that workers share: not pure, not a worker of their own."""
