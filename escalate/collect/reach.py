"""What all steps of one run share when the target is in Azure: the session, the way to Kudu, the names of workers."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from escalate.azure.arm import Arm
from escalate.azure.failure import AzureFailure, Why
from escalate.azure.kudu import Door, Kudu
from escalate.azure.session import Channel, Session
from escalate.collect.container_notes import ContainerNotes
from escalate.collect.door import find_door
from escalate.collect.roster import Roster
from escalate.collect.watch import Watch
from escalate.model.exchange import Exchange
from escalate.model.plan import Run
from escalate.model.survey import Survey, Worker

FINAL = frozenset({Why.SIGN_IN, Why.DENIED, Why.BLOCKED, Why.MISSING})
"""Answers at the door that will be the same a minute later."""
EXCHANGES = 50
"""So many requests of a step are written down one by one."""


@dataclass
class Trail:
    """What one step did: its requests and its footprints."""

    exchanges: list[Exchange] = field(default_factory=list)
    footprints: list[str] = field(default_factory=list)

    def as_fields(self) -> dict[str, object]:
        """The fields of a `StepRecord`."""
        failed = [exchange for exchange in self.exchanges if exchange.status is None or exchange.status >= 400]
        others = [exchange for exchange in self.exchanges if exchange not in failed]
        return {
            "exchanges": tuple((*failed, *others)[:EXCHANGES]),
            "exchange_count": len(self.exchanges),
            "footprints": tuple(dict.fromkeys(self.footprints)),
        }


@dataclass
class Reach:
    """One run's access; thread safe."""

    session: Session
    survey: Survey
    roster: Roster
    basic: bool = False
    """Whether the user allowed basic sign-in at the SCM site."""
    containers: ContainerNotes = field(default_factory=ContainerNotes)
    """What steps have learned of the containers."""
    _secrets: list[tuple[str, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looking: threading.Lock = field(default_factory=threading.Lock)
    """Held while a door is looked for; not the one above, which the engine itself needs."""
    _doors: dict[str, Door | AzureFailure] = field(default_factory=dict)

    def door(self, channel: Channel, resource_id: str, scm_host: str | None) -> Door:
        """The way to the SCM site of a site, found at the first call and remembered; so is a plain no.

        Raises:
            AzureFailure: there is no way, and why.
        """
        while not self._looking.acquire(timeout=1):
            channel.pulse.alive()  # another step is waking the SCM site, which may take a minute
        try:
            known = self._doors.get(resource_id)
            if known is None:
                try:
                    known = find_door(channel, resource_id, scm_host, basic=self.basic, add_secret=self._add_secret)
                except AzureFailure as failure:
                    if failure.why not in FINAL:
                        raise
                    known = failure
                self._doors[resource_id] = known
        finally:
            self._looking.release()
        if isinstance(known, AzureFailure):
            raise known
        return known

    def site(self, step: Run, trail: Trail, watch: Watch) -> Site:
        """One step's view; its requests go into the trail."""
        worker = next((each for each in self.roster.workers if each.arm_id == step.worker), None)
        channel = self.session.channel(trail.exchanges.append, watch)
        return Site(reach=self, channel=channel, worker=worker, sibling=step.sibling)

    def take_secrets(self) -> list[tuple[str, str]]:
        """(value, name) of secrets met on the way since the last call."""
        with self._lock:
            taken, self._secrets = self._secrets, []
            return taken

    def _add_secret(self, value: str, name: str) -> None:
        with self._lock:
            self._secrets.append((value, name))


@dataclass(frozen=True)
class Site:
    """One step's view of Azure: what a collector gets as `context.azure`."""

    reach: Reach
    channel: Channel
    worker: Worker | None
    """The worker this step is about."""
    sibling: str | None
    """Resource id of the sibling this step is about."""

    @property
    def survey(self) -> Survey:
        """What the plan knows of the target."""
        return self.reach.survey

    @property
    def arm(self) -> Arm:
        """ARM."""
        return Arm(self.channel)

    @property
    def kudu(self) -> Kudu:
        """The SCM site of the target, answered by this step's worker.

        Raises:
            AzureFailure: it cannot be reached.
        """
        door = self.reach.door(self.channel, self.survey.resource_id, self.survey.scm_host)
        return Kudu(self.channel, door, self.worker.arm_id if self.worker else None)

    def kudu_of(self, resource_id: str, scm_host: str | None) -> Kudu:
        """The SCM site of another app of the plan, answered by whichever worker.

        Raises:
            AzureFailure: it cannot be reached.
        """
        return Kudu(self.channel, self.reach.door(self.channel, resource_id, scm_host))
