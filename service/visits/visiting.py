"""Visiting: the steps of visits, checked against what came before, and recorded."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa

from models.intensity.ladder import ESCALATE
from service.bodies.between import CLOCK_SLACK
from service.database import wait_briefly
from service.errors import FieldError, ProblemError, invalid, pointer, shown, unavailable
from service.happened.reading import event_of
from service.happened.store import ATTEMPTS, Happened, put
from service.log.decisions import DecisionLog
from service.log.records import Record
from service.visits import store
from service.visits.cases import NEXT, Taken, Visit, contact_id_of
from service.visits.planning import ToPlan, to_plan
from service.visits.reading import Told, steps_of

EARLY = timedelta(hours=1)  # that somebody may come before the agreed time
VISITS_LOOKED_AT = 1_000  # of an account, the latest ones

_OUTCOME_OF = {"debtor": "conversation", "other_person": "wrong_party", "nobody": "no_answer"}
_TOLD_OF_CONTACT = ("outcome", "reason", "promised_amount", "promised_on")


Allowed = Callable[[UUID, datetime], None]


class Noted(NamedTuple):
    """What became of the steps of a request."""

    received: int
    new: int
    known: int


class Visiting:
    """Visits in the database of `engine`; those that were made are contacts of their accounts."""

    def __init__(
        self, engine: sa.Engine, happened: Happened, log: DecisionLog, allowed: Allowed
    ) -> None:
        """`allowed` raises where rules would not leave a decision as it is, if it were made now."""
        self._engine = engine
        self._allowed = allowed
        self._happened = happened
        self._log = log

    def note(self, content: bytes, actor: str, now: datetime) -> Noted:
        """Record the steps that a body tells, all or nothing; durable on return.

        A step that its visit has already, word for word, is known. Raises ProblemError;
        sqlalchemy.exc.SQLAlchemyError.
        """
        steps = steps_of(content, now)
        for _ in range(ATTEMPTS):
            with self._engine.connect() as connection:
                wait_briefly(connection)
                new = self._noted(connection, steps, actor, now)
                if new is not None:
                    connection.commit()
                    return Noted(len(steps), new, len(steps) - new)
        raise unavailable("The same visits were being recorded by others. Send them again later.")

    def read(self, visit_id: UUID) -> Visit | None:
        """The visit of that id as far as it has come; None where there is none."""
        with self._engine.connect() as connection:
            return store.visit(connection, visit_id)

    def search(self, *conditions: Any) -> store.Found:
        """The visits that `store.search` finds by these conditions."""
        with self._engine.connect() as connection:
            return store.search(connection, *conditions)

    def to_plan(self, now: datetime) -> ToPlan:
        """The visits that are still to be planned."""
        return to_plan(self._engine, self._log, now)

    def appointment_of(self, visit: Visit) -> str | None:
        """The agreed instant, as it was sent; None where its contact is not there any more."""
        contact = self._contact(visit.account_id, visit.steps[0].body["contact_id"])
        return None if contact is None else contact.get("appointment_at")

    def _noted(
        self, connection: sa.Connection, steps: Sequence[Told], actor: str, now: datetime
    ) -> int | None:
        """How many of the steps were new; None where somebody else was quicker."""
        visits: dict[UUID, Visit | None] = {}
        new = 0
        for told in steps:
            if told.visit_id not in visits:
                visits[told.visit_id] = store.visit(connection, told.visit_id)
            before = visits[told.visit_id]
            taken = Taken(told.step, told.body.at, now, actor, told.kept)
            if before is not None and _is_known(before, told):
                continue
            self._check(connection, before, told, now)
            if not store.add(connection, told.visit_id, told.body.account_id, before, taken):
                return None
            visits[told.visit_id] = after = _with(before, told, taken)
            if told.step in ("made", "recorded"):
                event = event_of("contact", _contact_of(after), now, told.place)
                if put(connection, "contact", [event], actor, now) is None:
                    return None
            new += 1
        return new

    def _check(
        self, connection: sa.Connection, before: Visit | None, told: Told, now: datetime
    ) -> None:
        """ProblemError where the step may not follow what came before."""
        following = NEXT[None if before is None else before.state]
        if told.step not in following:
            state = "has not been planned" if before is None else f"stands at {before.state}"
            may = " or ".join(following) or "nothing more"
            problem = f"is {told.step}, but the visit {state}: send {may}"
            raise _conflict("visit-out-of-order", told, "step", problem)
        if before is None:
            self._check_plan(connection, told, now)
            return
        if before.account_id != told.body.account_id:
            problem = "is not the account of the visit"
            raise _conflict("event-of-another-account", told, "account_id", problem)
        last = before.steps[-1].at
        if told.body.at < last:
            raise _wrong(told, "at", "lies before the step before", f"an instant from {last}")
        if told.step == "made":
            self._check_made(before, told)
        if told.step == "recorded":
            _check_recorded(before, told)

    def _check_made(self, before: Visit, told: Told) -> None:
        """ProblemError where somebody came long before the appointment."""
        agreed = self.appointment_of(before)
        if agreed is None:
            return
        first = datetime.fromisoformat(agreed) - EARLY
        if told.body.at < first:
            problem = "lies before the appointment that was agreed"
            raise _wrong(told, "at", problem, f"an instant from {first.isoformat()}")

    def _check_plan(self, connection: sa.Connection, told: Told, now: datetime) -> None:
        """ProblemError unless the decision allows the visit and the debtor has agreed to it.

        It has to allow it as the rules count now, and an appointment is for one visit.
        """
        body = told.body
        record = self._log.read(body.decision_id)
        why = _not_decided(record, body.account_id, body.at)
        if why is not None:
            raise _conflict("visit-not-decided", told, "decision_id", why)
        contact = self._contact(body.account_id, body.contact_id)
        agreed = None if contact is None else contact.get("appointment_at")
        if agreed is None:
            problem = "names no contact of the account in which an appointment was agreed"
            raise _conflict("visit-not-agreed", told, "contact_id", problem)
        if datetime.fromisoformat(agreed) < body.at:
            problem = "names an appointment that had passed"
            raise _conflict("visit-not-agreed", told, "contact_id", problem)
        others = store.search(connection, body.account_id, None, None, VISITS_LOOKED_AT).visits
        if any(_keeps(visit, body.contact_id) for visit in others):
            problem = "names an appointment that another visit is planned for"
            raise _conflict("visit-not-agreed", told, "contact_id", problem)
        self._allowed(body.decision_id, now)

    def _contact(self, account_id: str, contact_id: str) -> Mapping[str, Any] | None:
        """The latest version of a stored contact of the account."""
        rows = self._happened.of_accounts([account_id], since=_FIRST, until=_LAST)
        for row in rows:
            if row.kind == "contact" and row.event_id == contact_id:
                found: Mapping[str, Any] = msgspec.json.decode(row.body)
                return found
        return None


def _keeps(visit: Visit, contact_id: str) -> bool:
    """Whether the visit is for that appointment, and was not called off."""
    closed = visit.taken("closed")
    off = closed is not None and visit.taken("made") is None
    return bool(visit.steps[0].body["contact_id"] == contact_id) and not off


_FIRST = datetime.fromisoformat("1900-01-01T00:00:00Z")
_LAST = datetime.fromisoformat("2199-12-31T00:00:00Z")


def _is_known(visit: Visit, told: Told) -> bool:
    return visit.account_id == told.body.account_id and any(
        (each.step, each.body) == (told.step, told.kept) for each in visit.steps
    )


def _with(before: Visit | None, told: Told, taken: Taken) -> Visit:
    steps = [] if before is None else list(before.steps)
    return Visit(told.visit_id, told.body.account_id, [*steps, taken])


def _not_decided(record: Record | None, account_id: str, at: datetime) -> str | None:
    """Why a visit may not be planned on that record at that instant; None where it may."""
    if record is None or record["account_id"] != account_id:
        return "names no decision of the account"
    intensity = record["intensity"]
    if intensity["level"] != ESCALATE or "visit" not in intensity["channels"]:
        return "names a decision that does not allow a visit"
    if record["status"] != "effective":
        return f"names a decision that is {record['status']}, not effective"
    if at < datetime.fromisoformat(record["decided_at"]) - CLOCK_SLACK:
        return f"names a decision that was made at {record['decided_at']}, later"
    if at > datetime.fromisoformat(record["valid_until"]):
        return f"names a decision that was valid until {record['valid_until']}"
    return None


def _check_recorded(visit: Visit, told: Told) -> None:
    """ProblemError where what is recorded does not go with who was met."""
    body, made = told.body, visit.taken("made")
    met = made is not None and made.body["met"] == "debtor"
    if met and body.outcome is None:
        raise _wrong(told, "outcome", "is missing", "what came of meeting the debtor")
    for name in ("attitude", "outcome", "reason", "promised_amount", "promised_on"):
        if not met and getattr(body, name) is not None:
            raise _wrong(told, name, "is given, but the debtor was not met", "it left out")
    for name in ("promised_amount", "promised_on"):
        if body.outcome != "promise" and getattr(body, name) is not None:
            raise _wrong(told, name, "is given, but nothing was promised", "it left out")
    if body.promised_on is not None:
        _check_promise(visit, told, body.promised_on)


def _check_promise(visit: Visit, told: Told, day: date) -> None:
    made = visit.taken("made")
    assert made is not None
    first = made.at.date() - timedelta(days=1)  # the account's time zone is not told
    if day < first:
        raise _wrong(told, "promised_on", "lies before the visit", f"a day from {first}")


def _contact_of(visit: Visit) -> dict[str, Any]:
    """The visit as a contact of its account, as far as it is known."""
    made, recorded = visit.taken("made"), visit.taken("recorded")
    if made is None:
        return {}
    told = {} if recorded is None else recorded.body
    contact = {
        "contact_id": contact_id_of(visit.visit_id),
        "account_id": visit.account_id,
        "at": made.body["at"],
        "channel": "visit",
        "direction": "out",
        "outcome": _OUTCOME_OF[made.body["met"]],
        "place": visit.steps[0].body["place"],
    }
    return contact | {name: told[name] for name in _TOLD_OF_CONTACT if name in told}


def _conflict(kind: str, told: Told, field: str, problem: str) -> ProblemError:
    error = FieldError(
        pointer((*told.place, field)), problem, "POST /v1/visits:search shows the visit."
    )
    return ProblemError(kind, "Nothing was recorded.", [error])


def _wrong(told: Told, field: str, problem: str, send: str) -> ProblemError:
    value = told.kept.get(field)
    place = pointer((*told.place, field))
    return invalid(
        [FieldError(place, problem, f"Send {send}.", None if value is None else shown(value))]
    )
