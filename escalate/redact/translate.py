"""Translates a text between the case's real names and their pseudonyms, with the private map."""

from __future__ import annotations

import re

from escalate.case import private
from escalate.case.store import Case
from escalate.model.artifact import EvidenceDocument
from escalate.redact.additions import added_rules, added_words
from escalate.redact.engine import Engine
from escalate.redact.known import searched
from escalate.redact.learn import own_names
from escalate.redact.names import names_of_map, worth_masking
from escalate.redact.rules import EngineInputs, pseudonym_pairs
from escalate.redact.tokens import PSEUDONYM

_ADDRESS = re.compile(r"(?<![\w.])(?:2(?:4\d|5[0-5])(?:\.\d{1,3}){3}|2001:db8:[0-9a-f:]+)(?![\w])", re.IGNORECASE)


def encode(case: Case, text: str) -> str:
    """What you are about to send: names become the pseudonyms of the case, secrets are masked."""
    saved = private.read_map(case)
    own = own_names(case.completed, case.read(EvidenceDocument)) if case.has(EvidenceDocument) else ()
    engine = Engine(
        EngineInputs(
            key=private.case_key(case),
            known_values=searched(case, own),
            names=(*added_words(case), *worth_masking(names_of_map(saved), own)),
            own_names=own,
            pseudonyms=pseudonym_pairs(saved),
            own_rules=added_rules(case),
        )
    )
    result = engine.redact_text(text)
    if engine.names.changed:
        private.write_map(case, engine.names.map)
    return result


def decode(case: Case, text: str) -> str:
    """What support wrote: pseudonyms become the names they stand for. Marks of secrets stay: there is no way back."""
    saved = private.read_map(case)

    def original(match: re.Match[str]) -> str:
        token = match[0]
        while token and token not in saved and "." in token:
            token = token.rpartition(".")[0]
        return saved.get(match[0]) or (saved[token] + match[0][len(token) :] if token in saved else match[0])

    return _ADDRESS.sub(original, PSEUDONYM.sub(original, text))
