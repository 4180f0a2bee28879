"""Analysers as child processes with pinned configuration; one file each."""
