"""Renders ticket and report from redacted documents only; offline."""
