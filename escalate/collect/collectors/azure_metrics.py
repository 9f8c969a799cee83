"""Azure Monitor metrics of the site, its plan and its siblings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from escalate.collect.collector import collector
from escalate.collect.context import Context
from escalate.collect.metrics import gather_metrics, instances_of
from escalate.collect.piece import Piece
from escalate.model.outcome import Gap, Missing
from escalate.model.plan import CatalogueEntry, Consent, Sensitivity

READ = "Microsoft.Insights/metrics/read"
EFFECTS = "reads from Azure Monitor; the app is not touched"
SOURCE = "azure-mgmt-monitor: metrics and metric definitions, 2024-02-01"

OF_SITE = (
    "CpuTime",
    "MemoryWorkingSet",
    "AverageMemoryWorkingSet",
    "PrivateBytes",
    "Handles",
    "Threads",
    "AppConnections",
    "Requests",
    "Http101",
    "Http2xx",
    "Http3xx",
    "Http401",
    "Http403",
    "Http404",
    "Http406",
    "Http4xx",
    "Http5xx",
    "HttpResponseTime",
    "AverageResponseTime",
    "RequestsInApplicationQueue",
    "HealthCheckStatus",
    "FileSystemUsage",
    "IoReadBytesPerSecond",
    "IoWriteBytesPerSecond",
    "IoOtherBytesPerSecond",
    "IoReadOperationsPerSecond",
    "IoWriteOperationsPerSecond",
    "IoOtherOperationsPerSecond",
    "BytesReceived",
    "BytesSent",
    "Gen0Collections",
    "Gen1Collections",
    "Gen2Collections",
    "TotalAppDomains",
    "FunctionExecutionCount",
    "FunctionExecutionUnits",
)
OF_PLAN = (
    "CpuPercentage",
    "MemoryPercentage",
    "DiskQueueLength",
    "HttpQueueLength",
    "BytesReceived",
    "BytesSent",
    "SocketInboundAll",
    "SocketOutboundAll",
    "SocketOutboundEstablished",
    "SocketOutboundTimeWait",
    "SocketLoopback",
    "TcpSynSent",
    "TcpSynReceived",
    "TcpEstablished",
    "TcpFinWait1",
    "TcpFinWait2",
    "TcpClosing",
    "TcpCloseWait",
    "TcpLastAck",
    "TcpTimeWait",
)
OF_SIBLING = (
    "CpuTime",
    "MemoryWorkingSet",
    "PrivateBytes",
    "Handles",
    "Threads",
    "AppConnections",
    "Requests",
    "Http5xx",
)


@collector(
    CatalogueEntry(
        id="metrics.site",
        title="Metrics of the app, by instance and minute",
        why="Shows which instance was sick, since when, and which resource ran out.",
        answers=("which-worker", "when", "resources", "requests", "memory", "cpu", "K8", "K13"),
        scope="site",
        permission=READ,
        volatility=4,
        consent=Consent.ALWAYS,
        effects=EFFECTS,
        seconds=10,
        timeout_s=300,
        stall_s=90,
        max_bytes=64_000_000,
        sensitivity=Sensitivity.NUMBERS,
        obtain="az monitor metrics list --resource {site} --metrics CpuTime MemoryWorkingSet Requests Http5xx"
        " HttpResponseTime --interval PT1M --dimension Instance --start-time {start} --end-time {end}",
        fallbacks=("det.run",),
        source=SOURCE,
        late=True,
    )
)
def metrics_of_site(context: Context) -> Iterator[Piece | Gap]:
    """Also learns which value of the dimension `Instance` is which worker."""
    yield from gather_metrics(
        context, context.values["site"], OF_SITE, "metrics/site", learn=lambda data: _learn(context, data)
    )


@collector(
    CatalogueEntry(
        id="metrics.plan",
        title="Metrics of the plan, by instance and minute",
        why="Shows CPU, memory, disk and sockets of the workers that all apps of the plan share.",
        answers=("which-worker", "when", "resources", "neighbours", "cpu", "memory", "network", "K3", "K5", "K8"),
        scope="site",
        permission="Microsoft.Web/serverfarms/providers/Microsoft.Insights/Metrics/Read",
        volatility=4,
        consent=Consent.ALWAYS,
        effects=EFFECTS,
        seconds=10,
        timeout_s=300,
        stall_s=90,
        max_bytes=64_000_000,
        sensitivity=Sensitivity.NUMBERS,
        obtain="az monitor metrics list --resource {plan} --metrics CpuPercentage MemoryPercentage HttpQueueLength"
        " --interval PT1M --dimension Instance --start-time {start} --end-time {end}",
        fallbacks=("metrics.site",),
        source=SOURCE,
        late=True,
    )
)
def metrics_of_plan(context: Context) -> Iterator[Piece | Gap]:
    """See `metrics_of_site`."""
    plan = context.site.survey.plan_id
    if not plan:
        yield context.gap(Missing, "the App Service plan of the site could not be found out")
        return
    yield from gather_metrics(context, plan, OF_PLAN, "metrics/plan", learn=lambda data: _learn(context, data))


@collector(
    CatalogueEntry(
        id="metrics.sibling",
        title="Metrics of another app of the plan",
        why="Apps of one plan share memory, CPU and sockets of a worker: the cause may be a neighbour.",
        answers=("neighbours", "resources", "which-worker", "K11"),
        scope="sibling",
        permission=READ,
        volatility=4,
        consent=Consent.ALWAYS,
        effects=EFFECTS,
        seconds=6,
        timeout_s=300,
        stall_s=90,
        max_bytes=32_000_000,
        sensitivity=Sensitivity.NUMBERS,
        obtain="az monitor metrics list --resource {sibling} --metrics CpuTime MemoryWorkingSet Handles Threads"
        " --interval PT1M --dimension Instance --start-time {start} --end-time {end}",
        fallbacks=("metrics.plan",),
        source=SOURCE,
        late=True,
    )
)
def metrics_of_sibling(context: Context) -> Iterator[Piece | Gap]:
    """Below the sibling's own folder, marked as its evidence."""
    name = context.values["name"]
    yield from gather_metrics(context, context.values["sibling"], OF_SIBLING, f"siblings/{name}/metrics", site=name)


def _learn(context: Context, data: Any) -> None:
    roster = context.site.reach.roster
    for name in instances_of(data):
        worker = roster.find(name)
        if worker is not None and worker.metric is None:
            roster.learn(worker.arm_id, metric=name)
