"""Countries: the API takes ISO 3166-1 alpha-3."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from iso3166 import countries

from escalate.submit.fields.problem import Problem

_COMMON: Mapping[str, str] = MappingProxyType(
    {
        "america": "USA",
        "bolivia": "BOL",
        "britain": "GBR",
        "brunei": "BRN",
        "cape verde": "CPV",
        "czech republic": "CZE",
        "england": "GBR",
        "great britain": "GBR",
        "holland": "NLD",
        "iran": "IRN",
        "ivory coast": "CIV",
        "laos": "LAO",
        "macau": "MAC",
        "macedonia": "MKD",
        "moldova": "MDA",
        "netherlands": "NLD",
        "northern ireland": "GBR",
        "palestine": "PSE",
        "russia": "RUS",
        "scotland": "GBR",
        "south korea": "KOR",
        "swaziland": "SWZ",
        "syria": "SYR",
        "tanzania": "TZA",
        "the netherlands": "NLD",
        "turkey": "TUR",
        "uae": "ARE",
        "uk": "GBR",
        "united kingdom": "GBR",
        "united states": "USA",
        "us of america": "USA",
        "vatican": "VAT",
        "venezuela": "VEN",
        "vietnam": "VNM",
        "wales": "GBR",
    }
)
"""Names that people use and ISO 3166 does not."""


def _names() -> Iterator[tuple[str, str]]:
    for country in countries:
        yield country.name.casefold(), country.alpha3
        yield country.apolitical_name.casefold(), country.alpha3


_BY_NAME: Mapping[str, str] = MappingProxyType({**dict(_names()), **_COMMON})


def alpha3(text: str) -> str | None:
    """`DEU` for `DEU`, `de`, `276` or `Germany`, in any case; None when there is no such country."""
    word = text.strip().casefold()
    if word in _BY_NAME:
        return _BY_NAME[word]
    if len(word) in (2, 3) and word.isascii():
        found = countries.get(word, None)
        return found.alpha3 if found else None
    return None


def problems(text: str) -> Iterator[Problem]:
    """What is wrong with a country."""
    if alpha3(text) is not None:
        return
    near = difflib.get_close_matches(text.strip().casefold(), _BY_NAME, n=2, cutoff=0.75)
    yield Problem(
        "contact.country",
        f"{text.strip()!r} is no country of ISO 3166",
        f"did you mean {' or '.join(f'{_BY_NAME[name]} ({name.title()})' for name in near)}?"
        if near
        else "write the three letters, such as DEU, GBR or USA",
    )
