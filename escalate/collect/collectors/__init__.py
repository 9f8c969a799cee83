"""Collectors that need steps: one file each."""
