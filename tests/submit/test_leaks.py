"""Nothing personal and nothing secret stands in any log, at any level, whatever goes wrong."""

from __future__ import annotations

import base64
import logging
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from escalate.model.submission import Phase
from tests.fakes.filing import EMAIL, PHONE

FAULTS = (
    (), ("tickets.create#1=lost",), ("operations.status=error",), ("files.upload#1=error-after",),
    ("workspaces.create=forbidden",), ("tickets.create=throttled:3600",), ("operations.status#1=reset",),
)  # fmt: skip


@pytest.mark.parametrize("mishaps", FAULTS, ids=lambda each: "+".join(each) or "none")
def test_no_log_holds_what_is_personal_or_secret(filed, lab, caplog, capfd, mishaps: tuple[str, ...]) -> None:
    caplog.set_level(logging.DEBUG)
    for name in (
        None,
        "azure",
        "azure.core",
        "azure.identity",
        "msal",
        "urllib3",
        "urllib3.connectionpool",
        "requests",
    ):
        caplog.set_level(logging.DEBUG, logger=name)
    one = filed(2_500_001, 30)
    lab.mishaps.add(*mishaps)
    one.run()
    state = one.state
    printed = capfd.readouterr()
    logged = [record.getMessage() for record in caplog.records] + [caplog.text]
    journal = (one.case.root / "journal.jsonl").read_text()
    assert "urllib3.connectionpool" in caplog.text, "the wire was logged at DEBUG"
    everything = "\n".join([*logged, journal, printed.out, printed.err, repr(state.ticket), str(state.stop)])
    for secret in secrets_of(lab, one.case.root):
        assert secret not in everything, secret[:12]


def test_the_secrets_that_are_looked_for_exist(filed, lab) -> None:
    one = filed(30)
    lab.mishaps.add("operations.status=error")
    assert one.run().phase is not Phase.OPEN
    assert any(secret in (one.state.ticket.operation or "") for secret in secrets_of(lab, one.case.root))


def test_the_signed_url_is_forgotten_when_the_operation_has_ended(filed) -> None:
    one = filed(30)
    one.run()
    assert "operationsStatus" not in (one.case.root / "submission.json").read_text()


def secrets_of(lab, root: Path) -> list[str]:
    """Of the contact, the signed URLs, the tokens, and the files."""
    signed = [
        value
        for operation in lab.desk.operations.values()
        for name, value in parse_qsl(operation.query)
        if name in ("t", "c", "s", "h") and len(value) > 12
    ]
    tokens = list(lab.lab.state.tokens._known)
    files = [
        base64.b64encode(place.read_bytes()[:30]).decode() for place in (root / "bundle").iterdir() if place.is_file()
    ]
    person = [EMAIL, PHONE, "Dana", "Secret"]
    return [*person, *signed, *tokens, *files, lab.lab.state.tokens.identity_header]
