"""The page on which changes to a decision are supposed: what would have been decided then."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from features.errors import InputError
from models.decision import Decision
from models.generation import Generation
from models.intensity.plan import PlanError
from models.intensity.words.names import level_told
from models.score.reasons import Language
from service.api.common import Parts, PartsOf
from service.api.decisions import find
from service.bodies.inputs import told_of
from service.errors import ProblemError
from service.explaining import Explained
from service.log.records import Record
from service.replay.making import ReplayError
from service.review import formats
from service.review.asked import Asked, AskedOf
from service.review.forms import Form, FormOf
from service.review.labels.catalogue import LABELS
from service.review.labels.problems import REMEDIES, TITLES
from service.review.rendering import page
from service.review.what_if.form import altered_view, form_view
from service.review.what_if.moved import level_line, limits_moved, lines, rules_moved, shares
from service.review.what_if.typed import Body, Supposed, fields_at_fault, recorded_fields, supposed
from service.security.callers import scopes
from service.served.registry import ModelsError
from service.traces import PROBLEM

router = APIRouter(include_in_schema=False)

_ADDRESS = "/review/decisions/{decision_id}/what-if"
_VERSIONS = ("model", "policy", "code")  # those that tell a reader what decided


class _By(NamedTuple):
    """What decides here; `then`: it is what decided the record."""

    generation: Generation
    then: bool


@router.get(_ADDRESS)
@scopes("review")
def form(parts: PartsOf, decision_id: str, asked: AskedOf) -> Response:
    """The figures that were decided on, to be changed."""
    record = find(parts, decision_id)
    return _page(asked, record, _body_of(parts, record), None)


@router.post(_ADDRESS)
@scopes("review")
def suppose(
    request: Request, parts: PartsOf, decision_id: str, asked: AskedOf, typed: FormOf
) -> Response:
    """What would have been decided on the figures that were typed. Nothing is stored."""
    record = find(parts, decision_id)
    body = _body_of(parts, record)
    made = supposed(body, typed)
    if not made.changes:
        notice = LABELS["what_if_nothing"].of(asked.language)
        return _page(asked, record, body, typed, notice=notice, status=422)
    by = _by(parts, record)
    try:
        raw = body | {"changes": made.changes}
        explained = parts.explaining.explain(raw, by.generation, unite=False)
    except ProblemError as problem:
        request.scope[PROBLEM] = problem.kind
        at_fault = fields_at_fault(problem.errors, made.places)
        notice = _notice(problem, at_fault, asked.language)
        return _page(
            asked, record, body, typed, notice=notice, at_fault=at_fault, status=problem.status
        )
    result = _result(record, body, made, explained, by, asked.language)
    return _page(asked, record, body, typed, result=result)


def _page(
    asked: Asked,
    record: Record,
    body: Body,
    typed: Form | None,
    *,
    notice: str | None = None,
    at_fault: Collection[str] = (),
    result: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    fields = recorded_fields(body) if typed is None else typed
    return page(
        "what_if.html",
        asked,
        status=status,
        record=record,
        level=level_told(record["intensity"]["level"], asked.language),
        form=form_view(body, fields, at_fault, asked.language),
        notice=notice,
        result=result,
    )


def _body_of(parts: Parts, record: Record) -> Body:
    """What was decided on, as it was recorded."""
    inputs = parts.log.inputs(record["decision_id"])
    if inputs is None:  # pruned a moment ago
        raise ProblemError("not-found", "There is no decision with this id.")
    return told_of(inputs)


def _by(parts: Parts, record: Record) -> _By:
    """What decided the record, or what decides now where that is not at hand any more."""
    try:
        kept = parts.past.kept(UUID(record["decision_id"]))
        assert kept is not None  # its record was read
        return _By(parts.past.of(kept), True)
    except (ReplayError, ModelsError, PlanError, InputError):
        return _By(parts.current(), False)


def _result(
    record: Record,
    body: Body,
    made: Supposed,
    explained: Explained,
    by: _By,
    language: Language,
) -> dict[str, Any]:
    before, after = explained
    return {
        "altered": altered_view(body, made, language),
        "notes": _notes(record, before, by, language),
        "level": level_line(before, after, language),
        "lines": lines(before, after, language),
        "rules": rules_moved(before, after, language),
        "limits": limits_moved(before, after, language),
        "same_target": before.score.target == after.score.target,
        "shares": shares(before, after, language),
    }


def _notes(record: Record, before: Decision, by: _By, language: Language) -> list[tuple[str, str]]:
    """What has to be known of the original: whether it is the record, each with its weight."""

    def told(name: str, **values: str) -> str:
        return LABELS[name].of(language).format(**values)

    recorded = {
        "probability": formats.percent(record["score"]["probability"], language, 2),
        "level": level_told(record["intensity"]["level"], language),
    }
    by_person = record["override_reason"] is not None
    notes = []
    if not by.then:
        versions = {
            name: told("what_if_versions", **{each: str(of[each]) for each in _VERSIONS})
            for name, of in (("then", record["versions"]), ("now", before.versions))
        }
        notes.append(("bad", told("what_if_now", **recorded, **versions)))
    elif not _reproduced(record, before):
        notes.append(("bad", told("what_if_differs", **recorded)))
    elif not by_person:
        notes.append(("good", told("what_if_is_record")))
    if by_person:
        notes.append(("", told("what_if_by_rules", level=recorded["level"])))
    return notes


def _reproduced(record: Record, before: Decision) -> bool:
    """Whether the decision is the record's, as far as no person made that."""
    intensity, by_person = record["intensity"], record["override_reason"] is not None
    level = intensity.get("recommended") if by_person else intensity["level"]
    made = before.intensity.recommended if by_person else before.intensity.level
    return (before.score.probability, made) == (record["score"]["probability"], level)


def _notice(problem: ProblemError, at_fault: Collection[str], language: Language) -> str:
    """What is wrong, in a sentence or two."""
    if problem.kind == "validation" and at_fault:
        return LABELS["what_if_wrong"].of(language)
    stop = ". " if language == "en" else "。"
    return f"{TITLES[problem.kind].of(language)}{stop}{REMEDIES[problem.kind].of(language)}"
