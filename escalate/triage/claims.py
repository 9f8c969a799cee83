"""Finds sentences that assert what App Service evidence can never show: kernel, driver or platform faults."""

from __future__ import annotations

import re

ASSERTIONS = re.compile(
    r"\b(?:kernel|bug ?check|panic(?:ked)?|oops|driver|pool leak|oom[- ]kill(?:er|ed)?|hypervisor|host fault|"
    r"platform (?:fault|timeout|error|failure)|hardware fault|needs microsoft)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:no|not|never|none|neither|nor|without|cannot|does not|is not|contradicts?|contradicted|ruled out|"
    r"nothing|rather than|instead of|guess)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def asserted(text: str) -> tuple[str, ...]:
    """Sentences of `text` that state such a fault; questions and negations do not."""
    return tuple(
        sentence
        for sentence in _SENTENCE.split(text)
        if ASSERTIONS.search(sentence) and not sentence.rstrip().endswith("?") and not _NEGATED.search(sentence)
    )
