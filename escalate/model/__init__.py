"""Frozen values that the stages exchange on disk; no I/O, and no import of ours but errors."""
