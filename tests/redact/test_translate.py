"""Both directions of the private map."""

from __future__ import annotations

from escalate.model.observer import QuietObserver
from escalate.redact import stage
from escalate.redact.translate import decode, encode

MOUNT = b"//files.file.core.windows.net/media /media cifs rw,addr=203.0.113.77,Server=203.0.113.78;port=445\n"


def test_a_server_named_by_its_address_has_one_pseudonym_and_it_is_an_address(filled_case):
    case = filled_case({"mounts.txt": MOUNT})
    stage.run(case, QuietObserver())
    for address in ("203.0.113.77", "203.0.113.78"):
        hidden = encode(case, f"we asked {address} twice")
        pseudonym = hidden.split()[2]
        assert pseudonym.count(".") == 3
        assert pseudonym.encode() in case.path("redacted", "mounts.txt").read_bytes()
        assert decode(case, hidden) == f"we asked {address} twice"


def test_what_support_must_match_is_sent_as_it_is(filled_case):
    case = filled_case({"a.log": b"x\n"})
    stage.run(case, QuietObserver())
    text = "worker RD0003FF47609F, 168.63.129.16, operation 4bf92f3577b34da6a3ce929d0e0e4736, 2026-04-04T05:58:45Z"
    assert encode(case, text) == text


def test_a_text_without_pseudonyms_decodes_to_itself(filled_case):
    case = filled_case({"a.log": b"x\n"})
    stage.run(case, QuietObserver())
    assert decode(case, "nothing [R:PASSWORD:3FA9C1] here") == "nothing [R:PASSWORD:3FA9C1] here"
