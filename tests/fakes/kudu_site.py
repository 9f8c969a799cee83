"""A Kudu that says what a test wants, and a step that stands before it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from azure.core.credentials import AccessToken
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from escalate.azure.cloud import Cloud
from escalate.azure.kudu import Door, Kudu
from escalate.azure.session import Session
from escalate.collect.context import Context, Pace
from escalate.collect.entries import collectors
from escalate.collect.reach import Reach, Site
from escalate.collect.roster import Roster
from escalate.collect.staging import Allowance, Staged, Stager
from escalate.collect.watch import Watch
from escalate.collect.worker import Worker as Step
from escalate.model.incident import Incident
from escalate.model.outcome import Outcome
from escalate.model.target import AzureTarget
from tests.fakes.survey import FIRST, SITE, survey

Answerer = Callable[[Request], Response]


class Token:
    """A credential that always has one."""

    def get_token(self, *scopes: str, **more: object) -> AccessToken:
        """Any."""
        return AccessToken("token-of-the-test", 4_000_000_000)


@dataclass
class FakeKudu:
    """One running fake."""

    base: str
    session: Session
    secrets: list[tuple[str, str]] = field(default_factory=list)
    footprints: list[str] = field(default_factory=list)
    roster: Roster | None = None
    watch: Watch | None = None
    """Of the latest step."""

    @property
    def kudu(self) -> Kudu:
        """A client of it."""
        return Kudu(self.session.channel(), self.door)

    @property
    def door(self) -> Door:
        """The way to it."""
        return Door(base=self.base, audience=self.base)

    def context(self, collector: str, scratch: Path, **more: object) -> Context:
        """A step of a collector, on the first worker when it is about one."""
        entry = next(each for each in collectors() if each.entry.id == collector).entry
        facts = survey(**more)
        self.roster = Roster(facts.workers)
        reach = Reach(self.session, facts, self.roster)
        reach._doors[facts.resource_id] = self.door
        self.watch = watch = Watch()
        worker = None if entry.scope == "site" else FIRST
        scratch.mkdir(parents=True, exist_ok=True)
        return Context(
            entry=entry,
            step=collector,
            case_id="esc-test",
            case_root=scratch.parent,
            host="here",
            target=AzureTarget(resource_id=SITE),
            incident=Incident(),
            pid=None,
            scratch=scratch,
            max_bytes=10_000_000_000,
            watch=watch,
            add_secrets=self.secrets.extend,
            pace=Pace(samples=3, sample_interval=0.01, dumps=2, dump_interval=0.01, capture=0.01),
            azure=Site(reach=reach, channel=self.session.channel(pulse=watch), worker=worker, sibling=None),
            footprint=self.footprints.append,
        )

    def run(self, collector: str, folder: Path, **more: object) -> tuple[dict[str, Staged], Outcome]:
        """What a step brings, by path below `evidence/`, and how it ends."""
        context = self.context(collector, folder / "work", **more)
        gather = next(each for each in collectors() if each.entry.id == collector).gather
        (folder / "done").mkdir()
        stager = Stager(folder / "done", context.max_bytes, Allowance(10_000_000_000), context.watch, "by hand")
        step = Step(gather, context, stager)
        step.start()
        assert step.wait(60)
        staged, outcome = step.result()
        return {str(each.piece.path): each for each in staged}, outcome


@contextmanager
def fake_kudu(answer: Answerer) -> Iterator[FakeKudu]:
    """Serve on loopback until the block ends."""
    server = make_server("127.0.0.1", 0, Request.application(answer), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    cloud = Cloud(
        name="fake", arm=base, audience=base, scm_audience=base, logs=base, logs_audience=base, insights=base,
        insights_audience=base, authority="127.0.0.1", portal=base, scheme="http",
    )  # fmt: skip
    try:
        with Session(cloud, Token()) as session:
            yield FakeKudu(base, session)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def folder_answer(*entries: dict[str, object], base: str = "https://elsewhere.invalid/api/vfs/") -> Response:
    """A listing, whose links lead to another host."""
    full = [
        {"size": 10, "mtime": "2026-04-04T11:30:00+00:00", "mime": "text/plain", "href": base, "path": "C:\\x", **entry}
        for entry in entries
    ]
    return Response(json.dumps(full), content_type="application/json")
