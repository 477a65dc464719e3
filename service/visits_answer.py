"""Bodies of answers about visits, as OpenAPI shows them."""

from pydantic import Field

from features.judged import Judgement
from service.bodies.visits import Attitude, FollowUp, Met, Outcome, Result, Step
from service.intensity_answer import Answer


class NotedAnswer(Answer):
    """How many steps were received, were new, and were known already."""

    received: int
    new: int
    known: int


class VisitStepAnswer(Answer):
    """A step as it was told; what does not belong to it is absent."""

    step: Step
    at: str
    recorded_at: str
    actor: str
    note: str | None = None
    decision_id: str | None = None
    contact_id: str | None = None
    place: str | None = None
    met: Met | None = None
    attitude: Attitude | None = None
    outcome: Outcome | None = None
    reason: str | None = None
    promised_amount: float | None = None
    promised_on: str | None = None
    by: FollowUp | None = None
    result: Result | None = None


class VisitAnswer(Answer):
    """A visit as far as it has come."""

    visit_id: str
    account_id: str
    state: Step
    appointment_at: str | None
    promise: Judgement = Field(
        description="what became of the promise, judged by payments: none was made, it names no "
        "day, is not yet due, was kept or broken, or no payment has been told"
    )
    steps: list[VisitStepAnswer]


class VisitsAnswer(Answer):
    """A page of visits."""

    visits: list[VisitAnswer]
    next_cursor: str | None
