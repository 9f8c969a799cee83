"""Writes the result of a verb to stdout, as text or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click


def emit(output: str, data: Mapping[str, Any], text: str) -> None:
    """One JSON document, or the text."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=1) if output == "json" else text)
