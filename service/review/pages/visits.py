"""Pages of a visit, made to be printed: the sheet it is made by, and the record of it."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response

from features.tables import FLAGS, REASONS
from models.intensity.words.names import money_told
from models.intensity.words.overrides import APPROVED
from models.intensity.words.overrides import REASONS as PERSONS_REASONS
from models.score.reasons import Language
from service.api.common import Parts, PartsOf
from service.api.decisions import find
from service.bodies.inputs import decided_on
from service.bodies.visits import ATTITUDES, METS, OUTCOMES
from service.errors import ProblemError
from service.log.records import Record, shown
from service.review.asked import AskedOf
from service.review.decision.level import level_view
from service.review.labels.catalogue import LABELS
from service.review.rendering import page
from service.security.callers import scopes
from service.visits.cases import Taken, Visit
from service.visits.promises import promise_of

router = APIRouter(include_in_schema=False)

REASONS_ON_SHEET = 3
# What is ticked on the sheet: the label of each field, and what begins its codes' labels.
_CHOICES = (
    ("met", "met", METS),
    ("attitude", "attitude", ATTITUDES),
    ("outcome", "outcome", OUTCOMES),
    ("late_because", "reason", REASONS),
)
# Fields of steps whose values are codes, by what begins the codes' labels.
_CODED = {"met", "attitude", "outcome", "reason", "by", "result", "place"}
_LABEL_OF = {"reason": "late_because", "contact_id": "agreed_in", "decision_id": "decision"}


@router.get("/review/visits/{visit_id}")
@scopes("review")
def record(parts: PartsOf, visit_id: str, asked: AskedOf) -> Response:
    """What a visit has come to, step by step."""
    visit = _find(parts, visit_id)
    return page(
        "visit.html",
        asked,
        visit=visit,
        planned=visit.steps[0].body,
        appointment=_appointment(parts, visit, _account(parts, visit), asked.language),
        promise=promise_of(visit, parts.happened, parts.log, parts.clock()),
        steps=[_step(each, asked.language) for each in visit.steps],
    )


@router.get("/review/visits/{visit_id}/plan")
@scopes("review")
def plan(parts: PartsOf, visit_id: str, asked: AskedOf) -> Response:
    """The sheet that goes along: where to, when, why, and what is to be filled in."""
    visit = _find(parts, visit_id)
    decision = shown(find(parts, str(visit.decision_id)), REASONS_ON_SHEET, asked.language)
    account, currency = _account(parts, visit), decision["currency"]
    assert account is not None  # its record is there
    flags = [_label(f"flag_{flag}", asked.language) for flag in FLAGS if getattr(account, flag)]
    return page(
        "visit_plan.html",
        asked,
        visit=visit,
        planned=visit.steps[0].body,
        appointment=_appointment(parts, visit, account, asked.language),
        record=decision,
        person=_person(parts, decision, asked.language),
        account=account,
        past_due=money_told(account.past_due_amount, currency),
        balance=money_told(account.balance, currency),
        flags=", ".join(flags),
        limits=level_view(decision, asked.language)["limits"],
        choices=[
            (name, [_label(f"{prefix}_{code}", asked.language) for code in codes])
            for name, prefix, codes in _CHOICES
        ],
    )


def _account(parts: Parts, visit: Visit) -> Any:
    """The account as it was sent with the decision; None where that was pruned."""
    inputs = parts.log.inputs(visit.decision_id)
    return None if inputs is None else decided_on(inputs).account


def _appointment(parts: Parts, visit: Visit, account: Any, language: Language) -> str:
    """The agreed time as clocks at the debtor's place have it: day, weekday, hour and zone."""
    agreed = parts.visiting.appointment_of(visit)
    if agreed is None or account is None:
        return "–"
    at = datetime.fromisoformat(agreed).astimezone(ZoneInfo(account.timezone))
    day = _label(f"weekday_{at.weekday()}", language)
    return f"{at:%Y-%m-%d} {day} {at:%H:%M} ({account.timezone})"


def _person(parts: Parts, decision: Record, language: Language) -> dict[str, str] | None:
    """Why a person gave the level that the visit is planned on; None where none did."""
    told = decision
    while told["override_reason"] is not None and told["override_reason"]["code"] == APPROVED:
        told = find(parts, told["supersedes"])
    reason = told["override_reason"]
    if reason is None:
        return None
    words = PERSONS_REASONS[reason["code"]].of(language)
    return {"actor": told["actor"], "reason": words, "text": reason["text"] or ""}


def _find(parts: Parts, visit_id: str) -> Visit:
    try:
        visit = parts.visiting.read(UUID(visit_id))
    except ValueError:
        visit = None
    if visit is None:
        raise ProblemError("not-found", "There is no visit with this id.")
    return visit


def _step(taken: Taken, language: Language) -> dict[str, Any]:
    details = [
        (_label(_LABEL_OF.get(name, name), language), _shown(name, value, language))
        for name, value in taken.body.items()
        if name != "at"
    ]
    at = taken.body["at"]  # with the offset that it was sent with
    return {"step": taken.step, "at": at, "actor": taken.actor, "details": details}


def _shown(name: str, value: Any, language: Language) -> str:
    if name in _CODED:
        return _label(f"{name}_{value}", language)
    return f"{value:,.2f}" if name == "promised_amount" else str(value)


def _label(name: str, language: Language) -> str:
    return LABELS[name].of(language)
