"""Finds templates/ and schemas/, in an installed wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def templates() -> Path:
    """The folder of Jinja2 templates."""
    return _folder("templates")


def schemas() -> Path:
    """The folder of JSON schemas."""
    return _folder("schemas")
