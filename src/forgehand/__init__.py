"""Forgehand: one self-hosted GitHub App that does a repository's chores."""

VERSION = "0.1.0"
