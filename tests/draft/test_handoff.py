from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from escalate.draft.defect import DraftDefect
from escalate.draft.facts import Facts
from escalate.draft.handoff import PACKETS, packets
from escalate.draft.ticket import make_ticket
from escalate.draft.wishes import USUAL, DraftWishes
from escalate.errors import ConfigError, UsageError
from escalate.resources import templates
from tests.draft.test_ticket import blaming
from tests.fakes.golden import same_as_golden
from tests.fakes.triaged_case import CASES, INSTANCE_ID, RESOURCE_ID, WORKER, Pieces, customer, microsoft, undetermined

VERDICTS = ["customer", "undetermined", "microsoft"]
HOST = "db-1.shop-corp.net"
TELLING = (
    RESOURCE_ID,
    "0c3f7a52-9d1e-4e2f-8f0b-5a6b7c8d9e0f",
    "rg-shop",
    "shop",
    WORKER,
    INSTANCE_ID,
    "lw1sdlwk0007KB",
    "RD501AC5D1A7F3",
    "func-import",
    HOST,
    "shop.azurewebsites.net",
    "10.4.17.201",
    "2001:db8:0:1:2:3:4:5",
    "jane.roe@shop-corp.net",
    "https://shop-corp.net/checkout?user=7",
    "esc-20260404-060500-3f9a1c",
    "collector",
    "contosoacr",
)


def facts(pieces: Pieces, folder: Path) -> Facts:
    return Facts.load(pieces.write(folder / "case"))


def test_nobody_is_asked_to_spare_a_worker_that_no_question_is_about(tmp_path: Path):
    pieces = microsoft()
    regional = tuple(one.model_copy(update={"worker": None, "instance_id": None}) for one in pieces.asked.questions)
    made = facts(replace(pieces, asked=pieces.asked.model_copy(update={"questions": regional})), tmp_path)
    said = packets(made, USUAL)
    assert "work around it." in said["incident-commander"]
    assert "Do not restart" not in said["next-shift"]
    assert "Please do not move or restart" not in said["microsoft-kit"]


def telling(pieces: Pieces) -> Pieces:
    """Whatever identifies stands in every quoted line, path, title and result."""
    words = " ".join(TELLING) + " failed"
    target = pieces.case.incident.target.model_copy(
        update={"sibling_apps": ("func-import",), "runtime": "contosoacr.azurecr.io/shop-api:5.1"}
    )
    incident = pieces.case.incident.model_copy(update={"target": target})
    cited = tuple(
        one.model_copy(update={"excerpt": words, "path": f"{WORKER}/x.log"}) for one in pieces.triage.evidence
    )
    findings = tuple(one.model_copy(update={"title": words}) for one in pieces.triage.findings)
    ledger = tuple(one.model_copy(update={"cause": words, "result": words}) for one in pieces.ledger.exclusions)
    return replace(
        pieces,
        case=pieces.case.model_copy(update={"incident": incident}),
        triage=pieces.triage.model_copy(update={"evidence": cited, "findings": findings}),
        ledger=pieces.ledger.model_copy(update={"exclusions": ledger}),
    )


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_packets_are_those_that_were_looked_at(verdict: str, tmp_path: Path):
    made = packets(facts(CASES[verdict](), tmp_path), USUAL)
    assert list(made) == [name for name, one in PACKETS.items() if not one.of_dependency]
    for name, words in made.items():
        assert same_as_golden(f"handoff_{name}_{verdict}.md", words)


def test_the_vendor_of_a_dependency_sees_its_calls_and_nothing_else(tmp_path: Path):
    pieces = customer()
    calls = (f"GET https://{HOST}:8443/pay/{RESOURCE_ID} took 30011 ms on {WORKER}", f"{HOST} refused", "other line")
    cited = tuple(
        one.model_copy(update={"excerpt": words}) for one, words in zip(pieces.triage.evidence, calls, strict=False)
    )
    rest = pieces.triage.evidence[len(cited) :]
    pieces = replace(pieces, triage=pieces.triage.model_copy(update={"evidence": (*cited, *rest)}))
    made = packets(facts(pieces, tmp_path), DraftWishes(packets=("dependency-vendor",), dependency=HOST))
    assert same_as_golden("handoff_dependency-vendor_customer.md", made["dependency-vendor"])
    assert HOST in made["dependency-vendor"]
    assert "other line" not in made["dependency-vendor"]
    assert not [one for one in (WORKER, "rg-shop", "0c3f7a52") if one in made["dependency-vendor"]]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_public_issue_says_nothing_of_whose_incident_it_is(verdict: str, tmp_path: Path):
    words = packets(facts(telling(CASES[verdict]()), tmp_path), DraftWishes(packets=("public-issue",)))["public-issue"]
    bare = re.sub(r"\[[a-z-]+\]", "", words)
    assert not [one for one in TELLING if re.search(rf"(?<![0-9A-Za-z]){re.escape(one)}(?![0-9A-Za-z])", bare)]
    for kind in ("[app]", "[worker]", "[host]", "[address]", "[e-mail]", "[url]", "[resource]", "[guid]", "[case]"):
        assert kind in words


def test_a_template_that_would_get_round_the_cover_is_refused(tmp_path: Path):
    folder = tmp_path / "own" / "handoff" / "public-issue"
    folder.mkdir(parents=True)
    (folder / "packet.md.j2").write_text("{{ facts.case.incident.target.sibling_apps|join('<b>') }}", encoding="utf-8")
    pieces = customer()
    target = pieces.case.incident.target.model_copy(update={"sibling_apps": ("billing", "abc<x>def")})
    incident = pieces.case.incident.model_copy(update={"target": target})
    made = facts(replace(pieces, case=pieces.case.model_copy(update={"incident": incident})), tmp_path)
    wishes = DraftWishes(packets=("public-issue",), templates=tmp_path / "own")
    words = packets(made, wishes)["public-issue"]
    assert "billing" not in words


@pytest.mark.parametrize("verdict", ["customer", "undetermined"])
def test_whatever_triage_says_no_packet_claims_more(verdict: str, tmp_path: Path):
    made = packets(facts(blaming(CASES[verdict](), "The kernel panicked and the driver broke"), tmp_path), USUAL)
    assert "its wording is left out" in made["application-team"]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_incident_commander_reads_five_lines(verdict: str, tmp_path: Path):
    words = packets(facts(CASES[verdict](), tmp_path), DraftWishes(packets=("incident-commander",)))
    lines = words["incident-commander"].strip().splitlines()
    assert len(lines) == 5
    assert all(len(line) <= 400 for line in lines)


def test_the_portal_packet_has_the_fields_in_the_portals_order(tmp_path: Path):
    words = packets(facts(microsoft(), tmp_path), USUAL)["portal"]
    order = (
        "| Issue type |", "| Subscription |", "| Service |", "| Resource |", "| Problem type |", "Summary (copy)",
        "## 2. Recommended solution", "| When did the problem start |", "| Still happening |", "| File upload |",
        "| Advanced diagnostic information |", "| Severity |", "| Contact |", "Description (copy all of it)",
        "## 4. Review + create",
    )  # fmt: skip
    places = [words.index(one) for one in order]
    assert places == sorted(places)
    ticket = make_ticket(facts(microsoft(), tmp_path / "again"))
    assert f"~~~~text\n{ticket.title}\n~~~~" in words
    assert f"~~~~text\n{ticket.description}~~~~" in words
    assert words.count("~~~~") == 4


def test_evidence_that_is_lost_first_comes_first_for_the_next_shift(tmp_path: Path):
    pieces = undetermined()
    one = pieces.triage.missing_evidence[0]
    missing = tuple(
        one.model_copy(update={"what": urgency, "urgency": urgency}) for urgency in ("gone", "no hurry", "soon", "now")
    )
    made = facts(replace(pieces, triage=pieces.triage.model_copy(update={"missing_evidence": missing})), tmp_path)
    words = packets(made, USUAL)["next-shift"]
    places = [words.index(f": {urgency}") for urgency in ("now", "soon", "no hurry", "gone")]
    assert places == sorted(places)


def test_every_packet_has_its_folder_and_no_folder_lacks_a_row():
    assert {one.name for one in (templates() / "handoff").iterdir()} == set(PACKETS)


def test_a_packet_nobody_knows_is_refused_with_the_names_there_are(tmp_path: Path):
    with pytest.raises(UsageError) as caught:
        packets(facts(customer(), tmp_path), DraftWishes(packets=("press-release",)))
    assert "next-shift" in caught.value.hint


def test_a_vendor_packet_needs_a_host_that_evidence_names(tmp_path: Path):
    made = facts(customer(), tmp_path)
    with pytest.raises(UsageError, match="about one host"):
        packets(made, DraftWishes(packets=("dependency-vendor",)))
    with pytest.raises(ConfigError, match="no line that triage cites names"):
        packets(made, DraftWishes(packets=("dependency-vendor",), dependency="nobody.example.net"))


@pytest.mark.parametrize(
    "template",
    [
        "{{ facts.no_such_thing }}",
        "{% for x in %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ 1 / 0 }}",
        "{{ none|say }}",
        "{% include '/etc/passwd' %}",
        "{% include '../../../../etc/passwd' %}",
    ],
)
def test_a_bad_template_of_the_user_is_an_error_with_a_hint(template: str, tmp_path: Path):
    folder = tmp_path / "own" / "handoff" / "next-shift"
    folder.mkdir(parents=True)
    (folder / "packet.md.j2").write_text(template, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        packets(facts(customer(), tmp_path), DraftWishes(packets=("next-shift",), templates=tmp_path / "own"))
    assert "handoff/next-shift/packet.md.j2" in str(caught.value)
    assert caught.value.hint


def test_a_template_of_the_user_stands_in_for_ours_and_is_held_to_the_same_rules(tmp_path: Path):
    folder = tmp_path / "own" / "handoff" / "next-shift"
    folder.mkdir(parents=True)
    place = folder / "packet.md.j2"
    wishes = DraftWishes(packets=("next-shift",), templates=tmp_path / "own")
    made = facts(customer(), tmp_path)
    place.write_text("Shift of {{ seen.headline }}", encoding="utf-8")
    assert packets(made, wishes) == {"next-shift": "Shift of Every worker waits for one outbound call"}
    place.write_text("The kernel panicked.", encoding="utf-8")
    with pytest.raises(DraftDefect, match="claim more"):
        packets(made, wishes)


def test_who_files_by_hand_is_told_when_the_ticket_must_not_be_filed(tmp_path: Path):
    pieces = microsoft()
    bare = pieces.ledger.model_copy(update={"exclusions": ()})
    made = packets(facts(replace(pieces, ledger=bare), tmp_path), USUAL)["portal"]
    assert "**Do not file it as it is.** No cause on the app's side was ruled out with evidence" in made
    assert "Do not file" not in packets(facts(microsoft(), tmp_path / "whole"), USUAL)["portal"]
    assert "**Before you file:**" in packets(facts(customer(), tmp_path / "other"), USUAL)["portal"]
