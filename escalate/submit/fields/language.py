"""Languages of support: a closed list."""

from __future__ import annotations

from collections.abc import Iterator

from escalate.submit.fields.problem import Problem

LANGUAGES = (
    "en-us", "es-es", "fr-fr", "de-de", "it-it", "ja-jp", "ko-kr", "ru-ru", "pt-br", "zh-tw", "zh-hans",
)  # fmt: skip
"""API 2024-04-01, `preferredSupportLanguage`; the case makes no difference."""


def language_code(text: str) -> str | None:
    """The code as the API lists it; a bare `de` is taken where only one of the list begins so."""
    word = text.strip().casefold().replace("_", "-").partition(".")[0]
    if word in LANGUAGES:
        return word
    of_it = [code for code in LANGUAGES if code.startswith(f"{word}-")] if word.isalpha() else []
    return of_it[0] if len(of_it) == 1 else None


def problems(text: str) -> Iterator[Problem]:
    """What is wrong with a language."""
    if language_code(text) is None:
        yield Problem(
            "contact.language",
            f"support does not answer in {text.strip()!r}",
            f"choose one of {', '.join(LANGUAGES)}",
        )
