"""Selects, zips and proves what leaves."""
