"""The page of one decision, and the same for paper."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from models.intensity.words.catalogue import told
from models.intensity.words.overrides import REASONS
from models.score.reasons import Language
from service.api.common import Parts, PartsOf
from service.api.decisions import find
from service.bodies.inputs import decided_on
from service.instants import utc_text
from service.log.records import Record, shown
from service.review import formats
from service.review.asked import Asked, AskedOf
from service.review.decision.acting import actions_of
from service.review.decision.history import history
from service.review.decision.level import level_view
from service.review.decision.notices import notices
from service.review.decision.others import chain, others
from service.review.decision.percentile import percentile
from service.review.decision.summary import summary
from service.review.decision.waterfall import KEPT, waterfall
from service.review.labels.catalogue import LABELS
from service.review.rendering import page
from service.security.callers import scopes

router = APIRouter(include_in_schema=False)


@router.get("/review/decisions/{decision_id}")
@scopes("review")
def decision(parts: PartsOf, decision_id: str, asked: AskedOf) -> Response:
    """One decision as it was recorded."""
    record = find(parts, decision_id)
    return decision_page(parts, record, asked, actions_of(parts, record, asked))


@router.get("/review/decisions/{decision_id}/print")
@scopes("review")
def printed(parts: PartsOf, decision_id: str, asked: AskedOf) -> Response:
    """One decision on paper, with all of its reasons."""
    view = _view(parts, find(parts, decision_id), asked, None)
    at = formats.instant(utc_text(parts.clock()), asked.language)
    who = "–" if asked.caller is None else asked.caller.name
    return page("decision_print.html", asked, printed_at=at, printed_by=who, **view)


def decision_page(
    parts: Parts, record: Record, asked: Asked, actions: dict[str, Any] | None, status: int = 200
) -> Response:
    """The page of a record, with what may be done with it."""
    view = _view(parts, record, asked, KEPT)
    return page("decision.html", asked, status=status, actions=actions, **view)


def _view(parts: Parts, found: Record, asked: Asked, kept: int | None) -> dict[str, Any]:
    """What both show; `kept` is how many reasons of a group stand alone."""
    language = asked.language
    record = shown(found, None, language)
    drawn = waterfall(record, language, kept)
    return {
        "record": record,
        "notices": notices(record, parts.clock(), language),
        "percentile": _percentile(parts, record, language),
        "summary": summary(record, drawn, language),
        "waterfall": drawn,
        "level": level_view(record, language),
        "reason": _reason(record, language),
        **_inputs(parts, record, language),
        "others": others(parts.log, found, language),
        "chain": chain(parts.log, found, language),
    }


def _reason(record: Record, language: Language) -> str | None:
    """Why a person made the decision, None where nobody did."""
    reason = record["override_reason"]
    return None if reason is None else told(REASONS, reason["code"], language)


def _percentile(parts: Parts, record: Record, language: Language) -> str:
    """The percentile of the score, as far as it is known."""
    known = percentile(parts.past, record)
    if known is None:
        return formats.NONE
    number = formats.number(known.percent, language)
    if known.known == "about":
        return number
    return LABELS[f"percentile_{known.known}"].of(language).format(percent=number)


def _inputs(parts: Parts, record: Record, language: Language) -> dict[str, Any]:
    """The account and its history, as decided on; None where kept no more, or not to be read."""
    inputs = parts.log.inputs(record["decision_id"])
    try:
        body = None if inputs is None else decided_on(inputs)
        drawn = None if body is None else history(body, language)
    except ValueError:
        body = drawn = None
    return {"owed": None if body is None else body.account, "history": drawn}
