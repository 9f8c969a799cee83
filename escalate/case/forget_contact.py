"""Takes the contact out of what filing left behind, once the ticket has it: the ticket keeps it, the case need not."""

from __future__ import annotations

import json

from escalate.case.layout import DOCUMENT_PATHS, Room
from escalate.case.store import Case
from escalate.model.incident import Contact
from escalate.model.submission import Phase, SubmissionState

REQUEST = "request.json"
"""In receipts/: the body of the ticket as it was sent."""


def forget_contact(case: Case) -> list[str]:
    """What was changed, as names. A ticket that is still under way keeps its contact: it is sent with it."""
    if not case.has(SubmissionState):
        return []
    state = case.read(SubmissionState)
    if state.phase is not Phase.OPEN:
        return []
    bare = state.request.model_copy(update={"contact": Contact(), "copies_to": ()})
    case.write(state.model_copy(update={"request": bare}))
    changed = [f"{DOCUMENT_PATHS[SubmissionState]} (without its contact)"]
    place = case.path(Room.RECEIPTS, REQUEST)
    if place.is_file():
        body = json.loads(place.read_bytes())
        body["properties"].pop("contactDetails", None)
        with case.new_file(Room.RECEIPTS, REQUEST) as handle:
            handle.write(json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n")
        changed.append(f"{Room.RECEIPTS}/{REQUEST} (without its contact)")
    return changed
