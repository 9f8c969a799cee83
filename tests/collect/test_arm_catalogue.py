"""What every entry about a site in Azure has to say of itself."""

from __future__ import annotations

import re

import pytest

from escalate.collect.azure_steps import SCOPES, azure_steps
from escalate.collect.entries import entries
from escalate.model.plan import ArmRequest, Consent, QueryRequest
from escalate.model.usual_questions import USUAL_QUESTIONS
from tests.fakes.survey import GROUP, survey

OF_AZURE = [entry for entry in entries() if entry.scope in SCOPES]
OF_THE_SITE = ("site", "plan", "environment", "subscription", "group", "app", "slot", "scm", "start", "end")
KNOWN = frozenset((*OF_THE_SITE, "worker", "machine", "sibling", "name", "pid", "output"))
SEVERAL_WAYS = {"log.containers": "by Kudu or by ARM, each with a permission of its own"}
ENVIRONMENT = f"{GROUP}/hostingEnvironments/ase"


def named(entry):
    return entry.id


@pytest.mark.parametrize("entry", OF_AZURE, ids=named)
def test_an_entry_states_what_it_answers_needs_and_costs(entry):
    assert entry.answers, "which of support's usual questions?"
    assert set(entry.answers) <= set(USUAL_QUESTIONS)
    assert entry.permission or entry.consent is Consent.GUIDED or entry.id in SEVERAL_WAYS
    assert all((entry.title, entry.why, entry.effects, entry.obtain, entry.source))
    assert set(re.findall(r"\{([a-z_]+)\}", entry.obtain)) <= KNOWN
    assert entry.consent is not Consent.ASK or entry.include
    assert set(entry.fallbacks) <= {each.id for each in entries()} - {entry.id}


@pytest.mark.parametrize("entry", [entry for entry in OF_AZURE if entry.request is not None], ids=named)
def test_no_single_request_is_planned_over_the_limit_of_the_front_end(entry):
    assert entry.seconds <= 220


@pytest.mark.parametrize("entry", [e for e in OF_AZURE if isinstance(e.request, ArmRequest)], ids=named)
def test_a_request_to_arm_names_only_what_can_be_filled_in(entry):
    texts = (entry.request.path, entry.request.output, *entry.request.query.values())

    assert {name for text in texts for name in re.findall(r"\{([a-z_]+)\}", text)} <= KNOWN
    assert entry.request.path.startswith(("{site}", "{plan}", "{sibling}", "{environment}", "{subscription}"))


@pytest.mark.parametrize("entry", [e for e in OF_AZURE if isinstance(e.request, QueryRequest)], ids=named)
def test_a_query_begins_with_its_table_has_a_limit_and_is_asked_again_at_the_end(entry):
    assert entry.request.kql.lstrip().startswith(entry.request.tables[0])
    assert re.search(r"\| take \d+\s*$", entry.request.kql)
    assert entry.late
    assert entry.request.over == "component" or "_ResourceId =~ '{site}'" in entry.request.kql


def test_no_two_entries_write_the_same_file():
    outputs = [
        (type(entry.request).__name__, entry.request.output)
        for entry in OF_AZURE
        if isinstance(entry.request, ArmRequest | QueryRequest)
    ]

    assert len(outputs) == len(set(outputs))


def test_an_environment_is_asked_only_where_the_site_stands_in_one():
    ase = [entry for entry in OF_AZURE if entry.id.startswith("ase.")]

    outside = {step.why_not for step in azure_steps(survey(), ase)}
    inside = {step.why_not for step in azure_steps(survey(environment=ENVIRONMENT), ase)}

    assert len(ase) == 5
    assert outside == {"the site stands in no App Service Environment"}
    assert inside == {None}
