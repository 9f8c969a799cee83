"""The metrics of sites and plans, with unit and usual aggregation (Azure Monitor: supported metrics)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MINUTES_AND_UP = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")


@dataclass(frozen=True)
class Metric:
    """What is known of a metric before it is measured."""

    name: str
    unit: str
    usual: str
    """Primary aggregation: Average or Total."""
    grains: tuple[str, ...] = MINUTES_AND_UP
    windows_only: bool = False


def _named(*metrics: Metric) -> Mapping[str, Metric]:
    return MappingProxyType({metric.name.lower(): metric for metric in metrics})


SITE = _named(
    *(
        Metric(name, "Count", "Total")
        for name in (
            *("Requests", "Http101", "Http2xx", "Http3xx", "Http401", "Http403", "Http404", "Http406", "Http4xx"),
            *("Http5xx", "Gen0Collections", "Gen1Collections", "Gen2Collections"),
        )
    ),
    *(Metric(name, "Bytes", "Total") for name in ("BytesReceived", "BytesSent")),
    *(Metric(name, "Bytes", "Average") for name in ("MemoryWorkingSet", "AverageMemoryWorkingSet", "PrivateBytes")),
    *(
        Metric(name, "Count", "Average")
        for name in ("Handles", "Threads", "RequestsInApplicationQueue", "HealthCheckStatus")
    ),
    *(
        Metric(name, "Count", "Average", windows_only=True)
        for name in ("AppConnections", "CurrentAssemblies", "TotalAppDomains", "TotalAppDomainsUnloaded")
    ),
    *(
        Metric(f"Io{name}PerSecond", "BytesPerSecond", "Total")
        for name in (
            *("ReadBytes", "WriteBytes", "OtherBytes"),
            *("ReadOperations", "WriteOperations", "OtherOperations"),
        )
    ),
    Metric("CpuTime", "Seconds", "Total"),
    Metric("HttpResponseTime", "Seconds", "Average"),
    Metric("AverageResponseTime", "Seconds", "Average"),
    Metric("FileSystemUsage", "Bytes", "Average", ("PT6H", "PT12H", "P1D")),
)
PLAN = _named(
    *(Metric(name, "Percent", "Average") for name in ("CpuPercentage", "MemoryPercentage")),
    *(Metric(name, "Count", "Average") for name in ("DiskQueueLength", "HttpQueueLength")),
    *(Metric(name, "Bytes", "Total") for name in ("BytesReceived", "BytesSent")),
    *(
        Metric(name, "Count", "Average")
        for name in (
            *("SocketInboundAll", "SocketOutboundAll", "SocketOutboundEstablished", "SocketOutboundTimeWait"),
            *("TcpSynSent", "TcpSynReceived", "TcpEstablished", "TcpFinWait1", "TcpFinWait2", "TcpClosing"),
            *("TcpCloseWait", "TcpLastAck", "TcpTimeWait"),
        )
    ),
)
