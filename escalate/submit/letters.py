"""The text of a message as a person reads it: without markup, and without the messages it quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

LONGEST = 200_000
"""Characters of a message that are read."""

_LOOKS_LIKE_HTML = re.compile(r"<(?:html|body|div|p|br|span|table|ul|ol|li|b|font)\b[^>]{0,400}>", re.IGNORECASE)
_BLOCKS = frozenset({"p", "div", "br", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "blockquote", "hr"})
_SILENT = frozenset({"script", "style", "head", "title"})
_QUOTE = re.compile(
    r"^\s*(?:-{2,}\s*original message\s*-{2,}|_{10,}\s*$|on .{1,120} wrote:\s*$|from:\s.{0,200}(?:@|mailto:)"
    r"|-{5,}\s*(?:forwarded|reply above).*)",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\s*from:\s", re.IGNORECASE)
_SENT = re.compile(r"^\s*(?:sent|date):\s", re.IGNORECASE)
"""Below a `From:` line; without it the line may begin a span of time."""


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def plain(body: str) -> str:
    """Without tags and control characters; at most `LONGEST` characters."""
    text = body[:LONGEST]
    if _LOOKS_LIKE_HTML.search(text):
        parser = _Text()
        parser.feed(text)
        parser.close()
        text = "".join(parser.parts)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("\u2019", "'")
    return "".join(char for char in text if char == "\n" or char == "\t" or char.isprintable())


def own_lines(body: str) -> Iterator[str]:
    """The lines of the message itself; what it quotes of earlier ones is left out."""
    lines = plain(body).split("\n")
    for number, line in enumerate(lines):
        if line.lstrip().startswith(">"):
            continue
        after = next((each for each in lines[number + 1 : number + 4] if each.strip()), "")
        if _QUOTE.match(line) or (_FROM.match(line) and _SENT.match(after)):
            return
        yield line.rstrip()
