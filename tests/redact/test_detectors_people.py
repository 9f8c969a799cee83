"""People: names from claims are learned and get one alias each; national ids go only for who asks."""

from __future__ import annotations

import json

import pytest

from escalate.model.observer import QuietObserver
from escalate.redact import stage
from escalate.redact.engine import Engine
from escalate.redact.wishes import RedactionWishes

CLAIMS = [
    {"typ": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "val": "Annegret"},
    {"typ": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "val": "D\u00f6ringhaus"},
    {"typ": "preferred_username", "val": "adoering77"},
    {"typ": "name", "val": "Annegret D\u00f6ringhaus"},
]
TAX_ID = "86095742719"


def test_a_name_from_claims_leaves_no_file(filled_case, leaving):
    case = filled_case(
        {
            "app/me.json": json.dumps([{"provider_name": "aad", "user_claims": CLAIMS}]).encode(),
            "app/app.log": "order of adoering77 failed\nAnnegret and D\u00f6ringhaus were told\n".encode(),
        }
    )
    document = stage.run(case, QuietObserver())
    out = leaving(case)
    assert all(item.state == "sealed" for item in document.items)
    assert not [name for name in ("Annegret", "ringhaus", "adoering77") if name.encode() in out]


def test_a_name_has_the_same_alias_however_it_is_written(engine: Engine):
    escaped = json.loads(engine.redact_text(json.dumps({"given_name": "J\u00f6rgen"})))
    plain = json.loads(engine.redact_text(json.dumps({"given_name": "J\u00f6rgen"}, ensure_ascii=False)))
    assert escaped == plain
    assert escaped["given_name"].startswith("person-")


@pytest.mark.parametrize("asked", [True, False])
def test_national_ids_go_only_if_the_user_asks(filled_case, leaving, asked: bool):
    case = filled_case({"app/app.log": f"Steuer-ID: {TAX_ID}\n".encode()})
    stage.run(case, QuietObserver(), RedactionWishes(national_ids=asked))
    assert (TAX_ID.encode() in leaving(case)) is not asked
