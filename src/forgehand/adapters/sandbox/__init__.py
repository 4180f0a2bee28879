"""Child processes, bounded. Later also the sandbox in which untrusted code runs."""
