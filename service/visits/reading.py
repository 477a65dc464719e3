"""Reading the steps of visits: bodies into steps, or all that is wrong with them."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from service.bodies.between import CLOCK_SLACK, Path
from service.bodies.several import each_of
from service.bodies.validation import read
from service.bodies.visits import SCHEMAS, STEPS, STEPS_MAX, Step, VisitStep
from service.errors import FieldError, invalid, pointer, shown
from service.visits.store import Json, kept


class Told(NamedTuple):
    """A step as it was told: its schema's body, what is kept of it, and where it was sent."""

    body: Any
    kept: Json
    place: Path

    @property
    def step(self) -> Step:
        """Which step it is."""
        step: Step = self.body.step
        return step

    @property
    def visit_id(self) -> UUID:
        """The visit that it is a step of."""
        visit_id: UUID = self.body.visit_id
        return visit_id


def steps_of(content: bytes, now: datetime) -> list[Told]:
    """The steps that a body tells, one or a list of them; ProblemError for anything wrong."""
    return each_of(content, STEPS_MAX, "step", lambda sent, place: _step(sent, now, place))


def _step(sent: Any, now: datetime, place: Path) -> Told:
    named = sent.get("step") if isinstance(sent, dict) else None
    if named not in STEPS:
        remedy = f"Send an object whose step is one of {', '.join(STEPS)}."
        value = None if named is None else shown(named)
        raise invalid([FieldError(pointer((*place, "step")), "is no step", remedy, value)])
    body: VisitStep = read(SCHEMAS[named], sent, place)
    if body.at > now + CLOCK_SLACK:
        remedy = f"Send it once it is done: it is {now.isoformat(timespec='seconds')}."
        at = pointer((*place, "at"))
        raise invalid([FieldError(at, "lies in the future", remedy, shown(sent["at"]))])
    return Told(body, kept(sent), place)
