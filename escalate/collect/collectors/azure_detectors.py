"""Runs the detectors of App Service diagnostics over the incident; where there are none, their predecessors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from escalate.azure.arm import Arm
from escalate.azure.call import Answer
from escalate.azure.failure import AzureFailure, Why
from escalate.collect.arm_request import document, pages_of, saved
from escalate.collect.collector import collector
from escalate.collect.context import Context, now
from escalate.collect.detectors import MOST, Detector, chosen, insights, state_of, time_asked
from escalate.collect.json_parts import Json, mapping, mappings, properties, text
from escalate.collect.names import safe_part
from escalate.collect.outcomes import outcome_of_failure
from escalate.collect.piece import Piece
from escalate.collect.placeholders import RFC3339
from escalate.model.outcome import Gap, Missing, Partial, Skipped
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

TOGETHER = 4
READ_S = 120.0
RETRIES = 1
"""A detector that took two minutes in vain is asked once more only."""
LEGACY = "availability"
LEGACY_MOST = 20


@collector(
    CatalogueEntry(
        id="det.run",
        title="Detectors of App Service diagnostics",
        why="The platform's own view of crashes, restarts, SNAT ports, CPU and memory, by instance.",
        answers=("app-or-platform", "which-worker", "resources", "start", "known-incident", "K1", "K4", "K5", "K12"),
        scope="site",
        permission="Microsoft.Web/sites/detectors/read",
        volatility=4,
        consent=Consent.ALWAYS,
        effects="four questions at a time to App Service diagnostics; the app is not touched",
        seconds=60,
        timeout_s=600,
        stall_s=250,
        max_bytes=200_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="az rest --method get --url"
        " '{site}/detectors/DETECTOR?api-version=2025-05-01&startTime={start}&endTime={end}'"
        " (DETECTOR is metadata.id of {site}/detectors)",
        fallbacks=("det.legacy",),
        source="azure-mgmt-web: diagnostics; microsoft/mcp#2457: by metadata.id, not by display name",
    )
)
def run_detectors(context: Context) -> Iterator[Piece | Gap]:
    """One document a detector as it came, one with all that is Critical or Warning, one with the topics of support."""
    site, arm = context.values["site"], context.site.arm
    pages, gap = pages_of(context, arm, f"{site}/detectors", "2025-05-01", {})
    if gap is not None:
        yield gap
    detectors = list(chosen(_values(pages)))
    if not detectors:
        yield Missing(reason="App Service diagnostics lists no detector for the site", hint=context.obtain)
        return
    if len(detectors) > MOST:
        yield Partial(reason=f"{len(detectors) - MOST} more detectors were not run", hint=context.obtain)
    found: list[Json] = []
    topics: list[Json] = []
    pool = ThreadPoolExecutor(TOGETHER, thread_name_prefix="detector")
    try:
        for detector, future in [(each, pool.submit(_run, context, arm, each)) for each in detectors[:MOST]]:
            status = None
            try:
                answer = future.result()
                data = _checked(answer)
                status = state_of(mapping(properties(data).get("status")).get("statusId"))
                found += insights(detector, data)
                name = safe_part(detector.id)
                yield saved(
                    context, f"detectors/{name}.json", answer.body, origin=f"GET {site}/detectors/{detector.id}"
                )
            except AzureFailure as failure:
                yield outcome_of_failure(failure, context.obtain)
            if detector.topics:
                topics.append({"detector": detector.id, "state": status, "supportTopicList": list(detector.topics)})
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    yield saved(context, "detectors/insights.json", document(found), origin="what the detectors found")
    yield saved(context, "detectors/support-topics.json", document(topics), origin="metadata of the detectors")


@collector(
    CatalogueEntry(
        id="det.legacy",
        title="Older diagnostics, where there are no detectors",
        why="Stamps without detectors know restarts, swaps and CPU by their predecessors.",
        answers=("app-or-platform", "which-worker", "resources", "start"),
        scope="site",
        platforms=("windows",),
        permission="Microsoft.Web/sites/diagnostics/detectors/execute/Action",
        volatility=5,
        consent=Consent.ALWAYS,
        effects="questions to App Service diagnostics; the app is not touched",
        seconds=10,
        timeout_s=400,
        stall_s=200,
        max_bytes=100_000_000,
        sensitivity=Sensitivity.TEXT,
        obtain="az rest --method get --url '{site}/diagnostics/availability/detectors?api-version=2025-05-01'",
        source="azure-rest-api-specs: Diagnostics_ListSiteDetectors, Diagnostics_ExecuteSiteDetector",
        may_be_absent=True,
    )
)
def run_legacy(context: Context) -> Iterator[Piece | Gap]:
    """Only where `det.run` has nothing to run."""
    site, arm = context.values["site"], context.site.arm
    with contextlib.suppress(AzureFailure):
        if any(chosen(mappings(mapping(arm.get(f"{site}/detectors").json()).get("value")))):
            yield Skipped(reason="the detectors of det.run say the same and more", hint=context.obtain)
            return
    base = f"{site}/diagnostics/{LEGACY}/detectors"
    pages, gap = pages_of(context, arm, base, "2025-05-01", {})
    if gap is not None:
        yield gap
    span = time_asked(context.site.survey.window, now())
    query = {"startTime": span.start.strftime(RFC3339), "endTime": span.end.strftime(RFC3339)}
    names = [text(each.get("name")).rpartition("/")[2] for each in _values(pages)]
    for name in list(filter(None, names))[:LEGACY_MOST]:
        try:
            answer = arm.post(f"{base}/{name}/execute", "2025-05-01", query)
        except AzureFailure as failure:
            yield outcome_of_failure(failure, context.obtain)
            continue
        yield saved(
            context, f"detectors/legacy/{safe_part(name)}.json", answer.body, origin=f"POST {base}/{name}/execute"
        )


def _run(context: Context, arm: Arm, detector: Detector) -> Answer:
    """Without `timeGrain`: the service's own, five minutes, is finer than what its description allows to be asked."""
    span = time_asked(context.site.survey.window, now())
    query = {"startTime": span.start.strftime(RFC3339), "endTime": span.end.strftime(RFC3339)}
    call = arm.call("GET", f"{context.values['site']}/detectors/{detector.id}", query=query, read_s=READ_S)
    return arm.channel.send(replace(call, retries=RETRIES))


def _checked(answer: Answer) -> Json:
    data = answer.json()
    if not isinstance(data, dict):
        raise AzureFailure(Why.INVALID, f"{answer.url} is no detector", status=answer.status)
    return data


def _values(pages: Sequence[Answer]) -> list[Json]:
    return [each for page in pages for each in mappings(mapping(page.json()).get("value"))]
