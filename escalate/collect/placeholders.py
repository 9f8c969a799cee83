"""What the placeholders of catalogue entries stand for: the process, the site, the worker, the window."""

from __future__ import annotations

import re
from collections.abc import Mapping

from escalate.model.survey import Sibling, Survey, Worker

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
RFC3339 = "%Y-%m-%dT%H:%M:%SZ"


def fill(template: str, values: Mapping[str, str]) -> str:
    """`{name}` replaced where the name is known; other braces are left alone."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), template)


def of_process(pid: int | None) -> dict[str, str]:
    """`{pid}`."""
    return {"pid": "PID" if pid is None else str(pid)}


def of_site(survey: Survey, worker: Worker | None, sibling: Sibling | None) -> dict[str, str]:
    """The placeholders that `ArmRequest` lists, and those of commands that people run: `{group}`, `{app}`, `{slot}`."""
    parts = survey.resource_id.split("/")
    values = {
        "site": survey.resource_id,
        "plan": survey.plan_id or "",
        "environment": survey.environment or "",
        "subscription": f"/subscriptions/{parts[2]}",
        "group": parts[4],
        "app": survey.site,
        "slot": survey.slot or "production",
        "scm": survey.scm_host or "SCM-HOST",
        "start": survey.window.start.strftime(RFC3339),
        "end": survey.window.end.strftime(RFC3339),
    }
    if worker is not None:
        values |= {"worker": worker.arm_id, "machine": worker.label}
    if sibling is not None:
        values |= {"sibling": sibling.resource_id, "name": sibling.name}
    return values


def values_of(survey: Survey | None, pid: int | None, worker: str | None, sibling: str | None) -> dict[str, str]:
    """All of them for one step; `worker` is an ARM id, `sibling` a resource id."""
    values = of_process(pid)
    if survey is not None:
        found = next((each for each in survey.siblings if each.resource_id == sibling), None)
        values |= of_site(survey, survey.worker(worker) if worker else None, found)
    return values
