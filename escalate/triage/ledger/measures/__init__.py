"""Measurements of the ledger: one file a subject, each a function from the index to a test."""
