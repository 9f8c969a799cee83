"""Joins between records that rules call by name: one file each."""
