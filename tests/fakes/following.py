"""A filed ticket of a running lab, followed up in lab time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from escalate.azure.connect import connect
from escalate.azure.support import Support
from escalate.case.store import Case
from escalate.model.observer import QuietObserver
from escalate.submit.afterwards.following import Following
from escalate.submit.filing import Filing
from escalate.submit.patience import Patience
from tests.fakes.filing import BY_IDENTITY, LabTime
from tests.fakes.support_lab import SupportLab


@contextlib.contextmanager
def followed(case: Case, lab: SupportLab, time: LabTime, *, read_s: float = 5) -> Iterator[Following]:
    """One run on the ticket of a case; waiting costs nothing."""
    before = dict(os.environ)
    os.environ.update(lab.lab.environment)
    try:
        with case.locked(), connect(lab.base_url, BY_IDENTITY, print) as session:
            support = Support(session, lab.subscription, read_s=read_s)
            yield Following(Filing(case, support, QuietObserver(), Patience(), time, time.now))
    finally:
        os.environ.clear()
        os.environ.update(before)
