"""The link of an upload workspace lets whoever has it upload: both engines know it in every form, each by itself."""

from __future__ import annotations

import pytest

from escalate.bundle.second_engine import SecondEngine
from escalate.bundle.verify_secrets import SecretScanner
from escalate.redact.engine import Engine
from escalate.redact.rules import EngineInputs
from escalate.submit.afterwards.secure_upload import masked

OPAQUE = "kJ8s7Hd62hGq1Zx0Pq9Lw3"
"""No JSON web token: nothing but the link gives it away."""
LINKS = (
    f"https://support.microsoft.com/files?workspace={OPAQUE}&wid=1",
    f"https://support.microsoft.com/files?wid=5f0c&workspace={OPAQUE}",
    f"https://support.microsoft.com/en-us/files?workspace={OPAQUE}",
    f"https://support.microsoft.com/files/?workspace={OPAQUE}",
    f"https://support.microsoft.com/files#workspace={OPAQUE}",
    f"https://support.microsoft.com/files?wid=1&amp;workspace={OPAQUE}",
    f"https://support.microsoft.com/files?wid=1\\u0026workspace={OPAQUE}",
    f"https:\\/\\/support.microsoft.com\\/files?workspace={OPAQUE}",
    f"https%3A%2F%2Fsupport.microsoft.com%2Ffiles%3Fwid%3D1%26workspace%3D{OPAQUE}",
)


@pytest.fixture(scope="module")
def redactor() -> Engine:
    return Engine(EngineInputs(key=b"k" * 32))


@pytest.fixture(scope="module")
def second() -> SecondEngine:
    return SecondEngine()


def _leaks(second: SecondEngine, text: str) -> int:
    scanner = SecretScanner(second)
    scanner.feed(text.encode())
    return len(scanner.finish())


@pytest.mark.parametrize("link", LINKS)
def test_the_redactor_masks_it_and_the_verifier_finds_it(redactor, second, link: str):
    text = f"Please upload to {link} before Friday."
    assert _leaks(second, text)
    left = redactor.redact_text(text)
    assert OPAQUE not in left
    assert not _leaks(second, left)


@pytest.mark.parametrize(
    "text", ["https://support.microsoft.com/files", "a workspace=new of support.microsoft.com/help"]
)
def test_an_address_without_a_workspace_stays(redactor, second, text: str):
    assert redactor.redact_text(text) == text
    assert not _leaks(second, text)


@pytest.mark.parametrize("link", LINKS[:6])
def test_what_is_shown_of_a_message_has_no_link(link: str):
    assert OPAQUE not in masked(f"Please upload to {link}, thank you.")
