"""One folder per worker: its rules (pure), its texts, and the worker that reads facts, judges and acts."""
