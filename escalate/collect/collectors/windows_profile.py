"""A CPU trace of the app's process on the worst Windows worker, by Kudu's profiler."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Kudu
from escalate.collect.collector import collector
from escalate.collect.collectors.windows_sandbox import PUBLISH, app_itself, app_processes, folder
from escalate.collect.context import STAMP, Context, now
from escalate.collect.piece import Abandoned, Piece, Unavailable
from escalate.collect.vfs_archive import LONGEST_S, fetch_zip
from escalate.model.outcome import Blocked, Gap
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity


@collector(
    CatalogueEntry(
        id="win.profile",
        title="CPU trace of the app",
        why="Which methods burn the CPU, and for which requests.",
        answers=("cpu", "requests"),
        scope="worst-worker",
        platforms=("windows",),
        permission=PUBLISH,
        volatility=3,
        consent=Consent.ASK,
        include="profiles",
        effects="the process is traced meanwhile: 5 to 15 percent more CPU; Kudu ends it after 15 minutes in any case",
        seconds=45,
        timeout_s=600,
        stall_s=240,
        max_bytes=2 * 1024**3,
        sensitivity=Sensitivity.MEMORY,
        obtain="https://{scm} > Process explorer > w3wp > Start Profiling, then Stop Profiling",
        fallbacks=("daas.profiler",),
        source="projectkudu/kudu: ProcessController profile/start and profile/stop; a stop without a start is 404",
    )
)
def profile(context: Context) -> Iterator[Piece | Gap]:
    """Started, waited for, stopped; a `.diagsession` is a zip."""
    kudu = context.site.kudu
    process = app_itself(app_processes(context, kudu))
    base = f"/api/processes/{process['id']}/profile"
    at = now()
    try:
        kudu.post(f"{base}/start", query={"iisProfiling": "false"})
    except AzureFailure as failure:
        if failure.why is not Why.BUSY:
            raise
        raise Unavailable(context.gap(Blocked, f"somebody is profiling process {process['id']} already")) from failure
    context.footprint(
        f"process {process['id']} was profiled for {context.pace.capture:.0f} s from {at.strftime(STAMP)}"
    )
    place = context.scratch / "profile.diagsession"
    try:
        context.watch.pause(context.pace.capture)
        fetch_zip(kudu, kudu.call("GET", f"{base}/stop", read_s=LONGEST_S, again=False), place)
    except (Abandoned, AzureFailure):
        _stop(context, kudu, base)
        raise
    worker = context.site.worker
    yield Piece(
        path=folder(context, "process", str(process["id"]), f"{at.strftime(STAMP)}-profile.diagsession"),
        content=place,
        origin=f"GET {base}/stop",
        instance=worker.label if worker else None,
        pid=process["id"],
        captured_at=at,
    )


def _stop(context: Context, kudu: Kudu, base: str) -> None:
    """End a trace that nobody waits for any more; one that has ended already answers 404."""
    free = Kudu(context.site.reach.session.channel(), kudu.door, kudu.worker)
    with contextlib.suppress(AzureFailure), free.stream(free.call("GET", f"{base}/stop", again=False)):
        pass
