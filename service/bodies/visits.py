"""Bodies of a visit's steps: one schema for each, told apart by `step`."""

from datetime import date, datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field, RootModel

from features.tables import CONTACTS, Column
from service.bodies.columns import Cell
from service.bodies.schemas import SEARCH_MAX, Body

Step = Literal["planned", "made", "recorded", "followed_up", "closed"]
STEPS: tuple[Step, ...] = get_args(Step)
Met = Literal["debtor", "other_person", "nobody"]
Attitude = Literal["cooperative", "neutral", "evasive", "hostile"]
FollowUp = Literal["message", "call", "letter", "none"]
Result = Literal["paid", "promise_kept", "plan_agreed", "no_result", "escalated", "called_off"]
Outcome = Literal["conversation", "promise", "refused"]  # of having met the debtor
METS: tuple[Met, ...] = get_args(Met)
ATTITUDES: tuple[Attitude, ...] = get_args(Attitude)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

STEPS_MAX = 1_000  # of one request
NOTE_LENGTH = 500
AT = Column("at", "instant", "when it was done")
_MET = Column("met", "code", "who was met", codes=METS)
_ATTITUDE = Column("attitude", "code", "how the debtor was", optional=True, codes=ATTITUDES)
_OUTCOME = Column("outcome", "code", "what came of it", optional=True, codes=OUTCOMES)
_BY = Column("by", "code", "how it was followed up", codes=get_args(FollowUp))
_RESULT = Column("result", "code", "what the visit came to in the end", codes=get_args(Result))


def _of(column: str) -> Cell:
    return Cell(CONTACTS.column(column))


Note = Annotated[
    str,
    Field(min_length=1, max_length=NOTE_LENGTH, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"),
    Field(description="what a person has to add"),
]


class VisitStep(Body):
    """What every step tells; `visit_id` is a UUID of the caller's own."""

    visit_id: UUID
    account_id: Annotated[str, _of("account_id")]
    at: Annotated[datetime, Cell(AT)]
    note: Note | None = None


class PlannedBody(VisitStep):
    """The visit is planned, on an approved decision and an agreed appointment.

    `contact_id` names the contact in which the debtor agreed to the appointment: one that was
    posted to /v1/contacts, with its `appointment_at`.
    """

    step: Literal["planned"]
    decision_id: UUID
    contact_id: Annotated[str, _of("contact_id")]
    place: Annotated[str, _of("place")]


class MadeBody(VisitStep):
    """Somebody was there."""

    step: Literal["made"]
    met: Annotated[str, Cell(_MET)]


class RecordedBody(VisitStep):
    """What was said: `attitude` and `outcome` where the debtor was met."""

    step: Literal["recorded"]
    attitude: Annotated[str, Cell(_ATTITUDE)] | None = None
    outcome: Annotated[str, Cell(_OUTCOME)] | None = None
    reason: Annotated[str, _of("reason")] | None = None
    promised_amount: Annotated[float, _of("promised_amount")] | None = None
    promised_on: Annotated[date, _of("promised_on")] | None = None


class FollowedUpBody(VisitStep):
    """What was done about it later."""

    step: Literal["followed_up"]
    by: Annotated[str, Cell(_BY)]


class ClosedBody(VisitStep):
    """The visit is done with, or was called off."""

    step: Literal["closed"]
    result: Annotated[str, Cell(_RESULT)]


AnyStep = PlannedBody | MadeBody | RecordedBody | FollowedUpBody | ClosedBody
SCHEMAS: dict[Step, type[VisitStep]] = {
    "planned": PlannedBody,
    "made": MadeBody,
    "recorded": RecordedBody,
    "followed_up": FollowedUpBody,
    "closed": ClosedBody,
}
_Told = Annotated[AnyStep, Field(discriminator="step")]


class VisitsBody(
    RootModel[_Told | Annotated[list[_Told], Field(min_length=1, max_length=STEPS_MAX)]]
):
    """One step of a visit, or a list of up to STEPS_MAX (as OpenAPI shows it)."""


_STATE = Column("state", "code", "the step that was taken last", optional=True, codes=STEPS)
_LIMIT = Column("limit", "count", "visits on a page", minimum=1, maximum=SEARCH_MAX)


class VisitSearchBody(Body):
    """Which visits to look for, the one that was planned last first."""

    visit_id: UUID | None = None
    account_id: Annotated[str, _of("account_id")] | None = None
    state: Annotated[str, Cell(_STATE)] | None = None
    cursor: Annotated[UUID, Field(description="`next_cursor` of the page before")] | None = None
    limit: Annotated[int, Cell(_LIMIT)] = 50


def _columns(**own: Column) -> dict[str, Column]:
    """The columns of a step's fields: those of every step, and its own."""
    return {"account_id": CONTACTS.column("account_id"), "at": AT, **own}


def _of_contacts(*names: str) -> dict[str, Column]:
    return {name: CONTACTS.column(name) for name in names}


VISIT_COLUMNS: dict[type[Body], dict[str, Column]] = {
    PlannedBody: _columns(**_of_contacts("contact_id", "place")),
    MadeBody: _columns(met=_MET),
    RecordedBody: _columns(
        attitude=_ATTITUDE,
        outcome=_OUTCOME,
        **_of_contacts("reason", "promised_amount", "promised_on"),
    ),
    FollowedUpBody: _columns(by=_BY),
    ClosedBody: _columns(result=_RESULT),
    VisitSearchBody: {**_of_contacts("account_id"), "state": _STATE, "limit": _LIMIT},
}
