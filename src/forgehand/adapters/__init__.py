"""The world outside: one folder per thing that is talked to. Imported by `assembly` alone."""
