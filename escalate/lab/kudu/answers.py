"""Answers in the forms that Kudu gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from werkzeug.wrappers import Response

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
_NONE: Mapping[str, str] = MappingProxyType({})


def as_json(data: object, status: int = 200, headers: Mapping[str, str] = _NONE) -> Response:
    """JSON as Json.NET writes it: compact, not escaped."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, headers=dict(headers), content_type=JSON)


def refused(status: int, message: str, **more: str) -> Response:
    """An error of Web API; `more` are fields such as ExceptionMessage."""
    return as_json({"Message": message, **more}, status)


def plain(text: str, status: int = 200, headers: Mapping[str, str] = _NONE) -> Response:
    """Text."""
    return Response(text, status, headers=dict(headers), content_type=TEXT)


def empty(status: int) -> Response:
    """A status without a body."""
    return Response(status=status)


def page(status: int, title: str, text: str, headers: Mapping[str, str] = _NONE) -> Response:
    """A page for people, as front ends and IIS answer."""
    body = (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\r\n'
        f'<html xmlns="http://www.w3.org/1999/xhtml">\r\n<head><title>{title}</title></head>\r\n'
        f"<body><h1>{title}</h1><p>{text}</p></body>\r\n</html>\r\n"
    )
    return Response(body, status, headers=dict(headers), content_type="text/html; charset=utf-8")
