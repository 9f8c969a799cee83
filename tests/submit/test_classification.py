"""Service and classification: matched by words and ids, with reasons, cached with a date, never guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from escalate.azure.failure import Why
from escalate.azure.support_failure import SupportFailure
from escalate.azure.support_values import AskedConsent, ProblemType, SupportService
from escalate.errors import UsageError
from escalate.model.base import EvidenceId, RuleId
from escalate.model.exclusion import Exclusion
from escalate.model.finding import Finding, FindingsDocument, Verdict
from escalate.model.incident import Incident, TargetFacts
from escalate.model.rule import Confidence, Role
from escalate.submit.catalogue_cache import listing
from escalate.submit.classification import named, offers, recorded, service_for, settled
from escalate.submit.clues import Clues, clues_of
from escalate.submit.fields.classification import service_id

NOW = datetime(2026, 4, 4, 6, 30, tzinfo=UTC)
LINUX = "b452a42b-3779-64de-532c-8a32738357a6"
WINDOWS = "1890289e-747c-7ef6-b4f5-b1dbb0bead28"
CONTAINERS = "d40f17bb-8b19-117c-f69a-d1be4187f657"
FUNCTIONS = "5ce8de69-abba-65a0-e0e4-a684bcbc7931"

SERVICES = tuple(
    SupportService(id=service_id(guid), name=name)
    for guid, name in (
        ("06bfd9d3-516b-d5c6-5802-169c800dec89", "Service and subscription limits (quotas)"),
        (WINDOWS, "Web App (Windows)"),
        (LINUX, "Web App (Linux)"),
        (CONTAINERS, "Web App for Containers"),
        (FUNCTIONS, "Function App"),
        ("272fd66a-e8b1-260f-0066-01caae8895cf", "Web App on Azure Arc"),
    )
)
NAMES = (
    "Application Code Deployment / Application issues post deployment",
    "Availability, Performance, and Application Issues / Web App down or reporting errors",
    "Availability, Performance, and Application Issues / Web App slow",
    "Availability, Performance, and Application Issues / Web App restarted",
    "Availability, Performance, and Application Issues / High CPU usage",
    "Availability, Performance, and Application Issues / High memory usage",
    "Configuration and Management / Configuring SSL",
    "Configuration and Management / Custom domains",
    "Networking / Outbound connectivity",
    "Networking / VNet integration",
    "Networking / DNS",
    "Open Source Technologies / node.js",
    "Storage / Mounting a storage account",
    "WebJobs / Crashing",
)
TYPES = tuple(
    ProblemType(id=f"{service_id(LINUX)}/problemClassifications/00000000-0000-4000-8000-{number:012}", name=name)
    for number, name in enumerate(NAMES)
)


def _finding(title: str, layer: str = "application", *, demoted: bool = False, role: Role = Role.INDICATOR) -> Finding:
    return Finding(
        rule=RuleId("L1"),
        title=title,
        layer=layer,
        role=role,
        severity="error",
        demoted=demoted,
        confidence=Confidence.HIGH,
        confidence_why="seen",
        evidence=(EvidenceId("E1"),),
        hits=1,
    )


def _findings(layer: str, *findings: Finding) -> FindingsDocument:
    verdict = Verdict(answerable_by="undetermined", layer=layer, confidence=Confidence.LOW, why="", gates=())
    return FindingsDocument(verdict=verdict, findings=findings, evidence=(), missing_evidence=(), remedies=())


def _best(clues: Clues) -> str:
    return offers(clues, TYPES)[0].type.name.rpartition(" / ")[2]


@pytest.mark.parametrize(
    ("os", "kind", "guid"),
    [
        ("linux", "app,linux", LINUX),
        ("windows", "app", WINDOWS),
        ("linux-container", "app,linux,container", CONTAINERS),
        ("windows-container", "", CONTAINERS),
        ("linux", "functionapp,linux", FUNCTIONS),
    ],
)
def test_the_service_follows_from_what_the_app_is(os: str, kind: str, guid: str):
    chosen = service_for(Clues(os=os, kind=kind), SERVICES)
    assert chosen is not None
    assert chosen.service.id == service_id(guid)


def test_a_service_with_a_new_id_is_found_by_its_name():
    renewed = (
        *SERVICES[:2],
        SupportService(id=service_id("99999999-0000-4000-8000-000000000000"), name="Web App (Linux)"),
    )
    chosen = service_for(Clues(os="linux"), renewed)
    assert chosen is not None
    assert chosen.service.name == "Web App (Linux)"
    assert "new" in chosen.why


def test_no_service_is_claimed_for_an_unknown_system_or_an_unlisted_one():
    assert service_for(Clues(os=None), SERVICES) is None
    assert service_for(Clues(os="linux"), SERVICES[:2]) is None


@pytest.mark.parametrize(
    ("layer", "finding", "words", "best"),
    [
        (
            "unknown",
            "Ports for outgoing connections (SNAT) are used up",
            "calls to the API fail",
            "Outbound connectivity",
        ),
        ("platform_storage (SMB)", "The session to the file server was lost", "", "Mounting a storage account"),
        ("application", "The memory of a process grows steadily", "", "High memory usage"),
        ("hypervisor", "The worker's processors were given to others", "", "High CPU usage"),
        ("platform_network (DNS)", "Names are not resolved", "", "DNS"),
        (
            "platform_lifecycle",
            "The platform replaced an instance that failed its health check",
            "",
            "Web App restarted",
        ),
        ("unknown", "Thread pool starvation (busy 40, minimum 8)", "the shop is slow", "Web App slow"),
        (
            "unknown",
            "Server errors come from one instance only",
            "we get 503 from one worker",
            "Web App down or reporting errors",
        ),
    ],
)
def test_the_classification_that_findings_verdict_and_words_point_to_comes_first(layer, finding, words, best):
    clues = clues_of(Incident(symptom=words) if words else Incident(), _findings(layer, _finding(finding)))
    assert _best(clues) == best
    first = offers(clues, TYPES)[0]
    assert first.reasons


def test_a_detector_that_found_something_counts_and_one_in_order_does_not():
    detectors = [
        {"detector": "cpuanalysis", "state": "Success", "supportTopicList": [{"id": "32583701"}]},
        {"detector": "snatportexhaustion", "state": "Critical", "supportTopicList": [{"id": "32581616"}]},
    ]
    assert _best(clues_of(Incident(), None, detectors)) == "Outbound connectivity"


def test_the_topic_of_a_detector_is_matched_by_its_guid():
    guid = TYPES[13].id.rpartition("/")[2]
    topics = [{"id": "32581616", "pesId": "16170", "sapSupportTopicId": guid.upper()}]
    clues = clues_of(Incident(), None, [{"detector": "x", "state": "Warning", "supportTopicList": topics}])
    (first, *_) = offers(clues, TYPES)
    assert first.type == TYPES[13]
    assert first.reasons == ("detector x (warning) names it",)


def test_demoted_findings_and_false_friends_point_nowhere():
    findings = _findings("", _finding("memory", demoted=True), _finding("memory", role=Role.FALSE_FRIEND))
    first = offers(clues_of(Incident(), findings), TYPES)[0]
    assert first.score == 0
    assert first.reasons == ()


def test_a_line_that_is_quoted_is_no_claim():
    clues = clues_of(Incident(title="Workers killed with 'Perhaps out of memory?'"), None)
    assert _best(clues) == "Web App restarted"


def test_what_was_ruled_out_speaks_against_its_topic():
    incident = Incident(title="High memory, and restarts")
    ruled_out = Exclusion(id="X1", cause="memory pressure on the worker", state="ruled out", test="t", result="r")
    assert _best(clues_of(incident, None)) == "Web App restarted"
    found = offers(clues_of(incident, None, exclusions=(ruled_out,)), TYPES, most=len(TYPES))
    memory = next(offer for offer in found if offer.type.name.endswith("High memory usage"))
    assert memory.score < 0
    assert memory.reasons == ()


def test_nothing_is_settled_without_a_reason_or_between_equals():
    assert settled(()) is None
    assert settled(offers(clues_of(Incident(), None), TYPES)) is None
    both = clues_of(Incident(title="High CPU and high memory of the shop"), None)
    assert settled(offers(both, TYPES)) is None
    one = clues_of(Incident(title="High CPU of the shop"), None)
    first = settled(offers(one, TYPES))
    assert first is not None
    assert first.type.name.endswith("High CPU usage")


@pytest.mark.parametrize("data", [None, {}, "x", [1, None], [{"detector": 3, "state": 4, "supportTopicList": 5}]])
def test_a_file_of_topics_that_is_not_what_it_should_be_says_nothing(data: object):
    assert clues_of(Incident(), None, data).clues == ()


def test_three_are_offered_best_first():
    found = offers(clues_of(Incident(title="restarted and slow"), None), TYPES)
    assert len(found) == 3
    assert [offer.score for offer in found] == sorted((offer.score for offer in found), reverse=True)


CLUES = Clues(os="linux")


def test_a_classification_is_named_by_id_by_bare_guid_or_by_its_name():
    guid = TYPES[2].id.rpartition("/")[2]
    for text in (TYPES[2].id, TYPES[2].id.upper(), guid, "web app slow"):
        found = named(text, CLUES, SERVICES, TYPES, NOW)
        assert (found.id, found.name, found.service_name) == (TYPES[2].id, NAMES[2], "Web App (Linux)")
        assert found.source == "user"


def test_a_bare_guid_that_is_not_listed_is_taken_for_the_service_of_the_app():
    found = named("4d30ceba-cf43-f582-9906-ea17b33df58d", CLUES, (), (), None)
    assert found.service_id == service_id(LINUX)
    assert found.id.endswith("/problemClassifications/4d30ceba-cf43-f582-9906-ea17b33df58d")
    assert found.read_at is None


@pytest.mark.parametrize(
    "text", ["Availability", "no such thing", "", "C:/Program Files/Git/providers/Microsoft.Support"]
)
def test_a_name_that_fits_none_or_several_is_refused(text: str):
    with pytest.raises(UsageError):
        named(text, CLUES, SERVICES, TYPES, NOW)


def test_a_bare_guid_without_a_system_is_refused():
    with pytest.raises(UsageError):
        named("4d30ceba-cf43-f582-9906-ea17b33df58d", Clues(os=None), SERVICES, TYPES, NOW)


def test_the_choice_is_recorded_with_reasons_date_and_the_consents_it_asks_for():
    asked = ProblemType(id=TYPES[0].id, name=NAMES[0], consents=(AskedConsent("look", "May we look?"),))
    found = recorded(SERVICES[2], asked, "live", NOW, ("because",))
    assert (found.source, found.read_at, found.reasons) == ("live", NOW, ("because",))
    assert found.asks[0].type == "look"


class Lists:
    """A server that lists, and counts how often it was asked."""

    def __init__(self, failure: SupportFailure | None = None) -> None:
        self.failure = failure
        self.asked: list[str] = []

    def services(self) -> tuple[SupportService, ...]:
        self.asked.append("services")
        if self.failure:
            raise self.failure
        return SERVICES

    def problem_types(self, service_id: str) -> tuple[ProblemType, ...]:
        self.asked.append(service_id)
        return TYPES


def test_a_list_is_read_once_a_week_and_its_date_is_kept(tmp_path: Path):
    server = Lists()
    first = listing(CLUES, "public", NOW, lister=server, folder=tmp_path)
    assert first is not None
    assert first.source == "live"
    again = listing(CLUES, "public", NOW + timedelta(days=6), lister=server, folder=tmp_path)
    assert again is not None
    assert (again.source, again.read_at, again.types) == ("cache", NOW, TYPES)
    assert len(server.asked) == 2
    later = listing(CLUES, "public", NOW + timedelta(days=8), lister=server, folder=tmp_path)
    assert later is not None
    assert later.source == "live"
    assert len(server.asked) == 4


def test_an_old_list_is_used_when_the_server_does_not_answer_and_says_so(tmp_path: Path):
    listing(CLUES, "public", NOW, lister=Lists(), folder=tmp_path)
    dead = Lists(SupportFailure(Why.TIMEOUT, "no answer in time"))
    found = listing(CLUES, "public", NOW + timedelta(days=30), lister=dead, folder=tmp_path)
    assert found is not None
    assert found.source == "cache"
    assert found.note is not None
    assert "2026-04-04" in found.note
    with pytest.raises(SupportFailure):
        listing(CLUES, "usgov", NOW, lister=dead, folder=tmp_path)


def test_offline_only_what_was_saved_is_there(tmp_path: Path):
    assert listing(CLUES, "public", NOW, folder=tmp_path) is None
    listing(CLUES, "public", NOW, lister=Lists(), folder=tmp_path)
    assert listing(CLUES, "public", NOW + timedelta(days=99), folder=tmp_path) is not None
    assert listing(CLUES, "usgov", NOW, folder=tmp_path) is None
    assert listing(Clues(os="windows"), "public", NOW, folder=tmp_path) is None


def test_ids_are_spelled_as_documented_and_what_has_none_is_left_out(tmp_path: Path):
    class Odd(Lists):
        def services(self) -> tuple[SupportService, ...]:
            return (SupportService(id=service_id(LINUX).lower(), name="Web App (Linux)"), SupportService("x", "None"))

        def problem_types(self, service_id: str) -> tuple[ProblemType, ...]:
            return (ProblemType(TYPES[0].id.lower(), NAMES[0]), ProblemType("x", "None"))

    found = listing(CLUES, "public", NOW, lister=Odd(), folder=tmp_path)
    assert found is not None
    assert [each.id for each in found.types] == [TYPES[0].id]
    assert recorded(found.services[0], found.types[0], "live", NOW).service_id == service_id(LINUX)


def test_the_lists_of_two_services_are_kept_beside_each_other(tmp_path: Path):
    listing(CLUES, "public", NOW, lister=Lists(), folder=tmp_path)
    listing(Clues(os="windows"), "public", NOW, lister=Lists(), folder=tmp_path)
    for os in ("linux", "windows"):
        assert listing(Clues(os=os), "public", NOW, folder=tmp_path) is not None


def test_a_damaged_cache_is_as_none(tmp_path: Path):
    listing(CLUES, "public", NOW, lister=Lists(), folder=tmp_path)
    (place,) = tmp_path.iterdir()
    place.write_text(json.dumps({"version": 9}))
    assert listing(CLUES, "public", NOW, folder=tmp_path) is None
    again = listing(CLUES, "public", NOW, lister=Lists(), folder=tmp_path)
    assert again is not None
    assert again.source == "live"


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path):
    (tmp_path / "file").write_text("")
    found = listing(CLUES, "public", NOW, lister=Lists(), folder=tmp_path / "file" / "below")
    assert found is not None


def test_an_unknown_system_gets_the_services_to_choose_from(tmp_path: Path):
    clues = clues_of(Incident(target=TargetFacts()), None)
    found = listing(clues, "public", NOW, lister=Lists(), folder=tmp_path)
    assert found is not None
    assert (found.chosen, found.services) == (None, SERVICES)
    chosen = listing(clues, "public", NOW, lister=Lists(), folder=tmp_path, service=LINUX)
    assert chosen is not None
    assert chosen.types == TYPES
