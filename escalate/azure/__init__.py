"""Thin, typed clients of Azure's APIs without policy of their own; the only room that imports `azure.*`."""
