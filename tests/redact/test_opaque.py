"""Files that nobody can redact: withheld, unless a person names them and nothing is found in them."""

from __future__ import annotations

import random
from io import BytesIO

import pytest

from escalate.case.layout import Room
from escalate.errors import UsageError
from escalate.model.kind import Kind
from escalate.model.observer import QuietObserver
from escalate.model.redaction import Sealed, Withheld
from escalate.redact import opaque, stage
from escalate.redact.handlers.registry import CannotRedact, handlers
from escalate.redact.opaque import AS_IT_IS, MAY_HOLD
from escalate.redact.wishes import RedactionWishes

NOISE = random.Random(11).randbytes(40_000)
TRACE = b"Nettrace" + NOISE


def test_every_kind_has_a_handler_or_says_what_it_may_hold():
    claimed = {kind for handler in handlers() for kind in handler.kinds}
    assert claimed.isdisjoint(MAY_HOLD)
    assert claimed | set(MAY_HOLD) == set(Kind)


def test_it_stays_behind_and_says_what_it_can_hold(filled_case):
    case = filled_case({"app.nettrace": TRACE})
    (item,) = stage.run(case, QuietObserver()).items
    assert isinstance(item, Withheld)
    assert "it can hold events of the app with their texts" in item.reason


def test_named_by_a_person_it_leaves_as_it_is_and_goes_on_doing_so(filled_case):
    case = filled_case({"app.nettrace": TRACE})
    for wishes in (RedactionWishes(as_they_are=frozenset({"app.nettrace"})), RedactionWishes()):
        (item,) = stage.run(case, QuietObserver(), wishes).items
        assert isinstance(item, Sealed)
        assert item.ledger.handler == "as-it-is"
        assert case.path(Room.REDACTED, "app.nettrace").read_bytes() == TRACE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("place", [10, 4090, 39_000])
def test_a_secret_that_can_be_seen_keeps_it_back(filled_case, encoding, place):
    secret = "\0DB_PASSWORD=hunter2x-and-more\0".encode(encoding)
    case = filled_case({"app.nettrace": TRACE[:place] + secret + TRACE[place:]})
    (item,) = stage.run(case, QuietObserver(), RedactionWishes(as_they_are=frozenset({"app.nettrace"}))).items
    assert isinstance(item, Withheld)
    assert "it holds secrets" in item.reason


def test_a_secret_across_two_pieces_is_seen(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(opaque, "PIECE", 5_000)
    monkeypatch.setattr(opaque, "MARGIN_AFTER", 1_000)
    place = tmp_path / "x"
    place.write_bytes(b"\1" * 4_990 + b"\0DB_PASSWORD=hunter2x-and-more\0" + b"\1" * 9_000)
    with pytest.raises(CannotRedact, match="it holds secrets"):
        AS_IT_IS.redact(place, BytesIO(), engine, lambda _: None)


def test_what_is_redacted_cannot_be_let_go_as_it_is(filled_case):
    case = filled_case({"app.log": b"a line\n"})
    with pytest.raises(UsageError, match="redacted before it leaves"):
        stage.run(case, QuietObserver(), RedactionWishes(as_they_are=frozenset({"app.log"})))
