"""Cases: what a visit has come to, and which step may follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service.bodies.visits import Step
from service.happened.reading import VISIT

# What may follow each step; None: before the first. A visit that is called off is closed.
NEXT: Mapping[Step | None, tuple[Step, ...]] = {
    None: ("planned",),
    "planned": ("made", "closed"),
    "made": ("recorded",),
    "recorded": ("followed_up", "closed"),
    "followed_up": ("followed_up", "closed"),
    "closed": (),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken: `body` is what was sent of it, but for the ids and the step."""

    step: Step
    at: datetime
    recorded_at: datetime
    actor: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit as far as it has come: its steps, oldest first, at least one."""

    visit_id: UUID
    account_id: str
    steps: Sequence[Taken]

    @property
    def state(self) -> Step:
        """The step that was taken last."""
        return self.steps[-1].step

    def taken(self, step: Step) -> Taken | None:
        """The latest step of that kind; None where it was not taken."""
        return next((each for each in reversed(self.steps) if each.step == step), None)

    @property
    def decision_id(self) -> UUID:
        """The decision that the visit was planned on."""
        return UUID(self.steps[0].body["decision_id"])

    @property
    def contact_id(self) -> str:
        """The id of the contact that the visit is, once it has been made."""
        return contact_id_of(self.visit_id)


def contact_id_of(visit_id: UUID) -> str:
    """The id under which a visit counts among its account's contacts."""
    return f"{VISIT}{visit_id}"
