"""How long each source of evidence can still be asked for, and how pressing that is when the case was opened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from escalate.model.incident import Window

Urgency = Literal["now", "soon", "no hurry", "gone", "unknown"]

SOON = timedelta(days=3)
"""Less than this left: the ticket itself may take as long."""


@dataclass(frozen=True)
class Retention:
    """One kind of source, recognised by the command that reads it."""

    commands: re.Pattern[str]
    text: str
    kept: timedelta | None = None
    """From the end of the incident; None: not by time, see `urgency`."""
    urgency: Urgency = "unknown"
    """Where `kept` is None."""


def _of(pattern: str, text: str, kept: timedelta | None = None, urgency: Urgency = "unknown") -> Retention:
    return Retention(re.compile(pattern, re.IGNORECASE), text, kept, urgency)


RETENTIONS = (
    _of(r"monitor activity-log|eventtypes/management", "the activity log is kept for 90 days", timedelta(days=90)),
    _of(r"monitor metrics list|/metrics\?", "platform metrics are kept for 93 days", timedelta(days=93)),
    _of(
        r"monitor app-insights",
        "as long as the Application Insights resource keeps its data: 90 days unless somebody set another time",
        timedelta(days=90),
    ),
    _of(
        r"log-analytics query|AppService\w+Logs",
        "as long as the workspace keeps the table: 30 days unless somebody set another time; only if the diagnostic "
        "setting was on at the time",
        timedelta(days=30),
    ),
    _of(
        r"ResourceHealth|resource-health",
        "the history of Resource Health goes back about 30 days",
        timedelta(days=30),
    ),
    _of(
        r"/detectors/|[Dd]iagnose and solve",
        "detectors look back about 30 days, at most 24 h in one request, and lag by about 15 minutes",
        timedelta(days=30),
    ),
    _of(
        r"\bstartuplogs\b|containerlogs|webapp log download|logs/docker|log tail|docker\.log",
        "until rotation by size or by the retention of the log settings; container logs are handed out for the newest "
        "days only, and eventlog.xml holds the last 1000 events",
        urgency="soon",
    ),
    _of(r"eventlog\.xml", "eventlog.xml holds the last 1000 events of all apps of the sandbox", urgency="soon"),
    _of(r"W3SVC|\bfr\d+|failed request", "the 50 latest failed request traces are kept", urgency="soon"),
    _of(
        r"network-?trace|tcpdump|--include network|tcpping|nameresolver",
        "only while the fault lasts: packets are not kept anywhere",
        urgency="now",
    ),
    _of(
        r"escalate build local|--include dumps|dotnet-counters|sha256sum|curl |createdump|dotnet-dump|jstack|jcmd|"
        r"py-spy|gcore|procdump|/processes/|/dump\b|/proc/|\bSSH session\b|api/environment|\bkudu\b|\.scm\.",
        "only while the process lives and the fault lasts; a restart ends both",
        urgency="now",
    ),
    _of(
        r"webapp restart|another worker|control run|advanced restart|reboot worker",
        "only while the sick worker is still there; collect everything else before it",
        urgency="now",
    ),
    _of(r"deployment list|api/deployments", "the list of deployments is kept with the app", urgency="no hurry"),
    _of(
        r"webapp config|webapp auth|appservice plan|webapp show|webapp vnet",
        "at any time, as it is then: the state at the incident is in the activity log only",
        urgency="no hurry",
    ),
    _of(
        r"docker run|Crash Monitoring|NODE_OPTIONS|DbgEnableMiniDump|log the remote endpoint",
        "at the next occurrence: it is recorded from when it is set up",
        urgency="no hurry",
    ),
    _of(r"kubectl|aks ", "node logs are lost when the node is replaced or reimaged", urgency="soon"),
    _of(r"incident\.toml|--incident|--since|--until", "at any time: it is known to people", urgency="no hurry"),
)
"""The first that matches counts. Times from the reference of evidence (app-service-evidence 1.2 to 1.4) where it has
them, else from the public pages on retention of Azure Monitor and Resource Health."""


@dataclass(frozen=True)
class Availability:
    """What `MissingEvidence` says of time."""

    text: str
    until: datetime | None
    urgency: Urgency


def availability(command: str, window: Window | None, asked_at: datetime) -> Availability:
    """For one command; what nobody documents is said to be unknown."""
    found = next((one for one in RETENTIONS if one.commands.search(command)), None)
    if found is None:
        return Availability("", None, "unknown")
    if found.kept is None:
        return Availability(found.text, None, found.urgency)
    if window is None:
        return Availability(f"{found.text}; counted from an incident whose time is not known", None, "unknown")
    until = window.end + found.kept
    left = until - asked_at
    if left <= timedelta(0):
        return Availability(f"{found.text}: it ended on {until:%Y-%m-%d}, before this case was opened", until, "gone")
    return Availability(f"{found.text}, so until {until:%Y-%m-%d}", until, "soon" if left <= SOON else "no hurry")
