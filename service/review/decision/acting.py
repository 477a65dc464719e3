"""What a person may do with a decision: give it another level, or approve it; or why not."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl

from models.intensity.ladder import ESCALATE, LEVELS
from models.intensity.rules.book import RULES as BOOK
from models.intensity.rules.rule import Cap
from models.intensity.words.catalogue import told
from models.intensity.words.names import level_told
from models.intensity.words.overrides import APPROVED, OVERRIDES
from models.intensity.words.rules import RULES
from models.score.reasons import Language
from service.api.common import Parts
from service.bodies.overrides import TEXT_MAX
from service.errors import ProblemError
from service.log.records import Record
from service.review import formats
from service.review.asked import Asked
from service.review.forms import Form
from service.review.labels.catalogue import LABELS
from service.review.labels.problems import REMEDIES, TITLES
from service.security.callers import LOCAL

Verb = Literal["override", "approve"]
KEY_BYTES = 16
CONFIRMED = "confirmed"  # the field of the form that asks again
_RULES = frozenset(rule.id for rule in BOOK)
_CAPS = {rule.id: rule.cap for rule in BOOK if isinstance(rule, Cap)}
_FIELDS = ("level", "reason", "text")


class Attempt(NamedTuple):
    """What was sent and came to nothing yet: refused, or, without a problem, to be confirmed."""

    verb: Verb
    typed: Form
    problem: ProblemError | None


class Choice(NamedTuple):
    """A level, or a reason, that may be chosen; `barred` tells why not."""

    value: str
    label: str
    chosen: bool
    barred: str | None = None


def actions_of(
    parts: Parts, record: Record, asked: Asked, attempt: Attempt | None = None
) -> dict[str, Any] | None:
    """What the reader may do with a record now, and why not; None where nobody reads."""
    caller, language = asked.caller, asked.language
    if caller is None:
        return None
    closed = _closed(record, parts.clock(), language)
    proposed = record["status"] == "proposed"
    own = closed is None and proposed and caller.name in parts.overriding.makers(record)
    typed = {} if attempt is None else attempt.typed
    return {
        "done": _done(record, asked),
        "problem": None if attempt is None else _problem(attempt, language),
        "closed": closed,
        "successor": record.get("superseded_by"),
        "confirming": _confirming(record, attempt, language),
        "override": None if closed else _override(record, attempt, language),
        "approve": closed is None and proposed and not own,
        "proposal": _proposal(record, language) if proposed else None,
        "nets": _nets(record, record["intensity"]["level"], language) if proposed else "",
        "own": own,
        "keys_needed": own and caller == LOCAL,
        "text": typed.get("text", ""),
        "text_max": TEXT_MAX,
        "key": secrets.token_hex(KEY_BYTES),
    }


def barred_levels(record: Record) -> dict[int, str]:
    """The levels that a rule takes as far as the record tells, each with the rule's id.

    A rule that caps the level takes every one above its cap, whatever else the record names there:
    a person may pass the policy's bounds. The service asks the rules themselves.
    """
    intensity = record["intensity"]
    levels = intensity["levels"]
    named = [level["taken_by"] for level in levels]
    named += [rule["rule"] for rule in intensity["binding_rules"]]
    caps = [rule for rule in named if rule in _CAPS]
    found = {level["level"]: level["taken_by"] for level in levels if level["taken_by"] in _RULES}
    for rule in caps:
        found |= {level: rule for level in LEVELS if level > _CAPS[rule]}
    return found


def _closed(record: Record, now: datetime, language: Language) -> str | None:
    """Why nobody can do anything with the record any more."""
    if "superseded_by" in record:
        return LABELS["act_superseded"].of(language)
    if datetime.fromisoformat(record["valid_until"]) <= now:
        at = formats.instant(record["valid_until"], language)
        return LABELS["act_expired"].of(language).format(at=at)
    return None


def _override(record: Record, attempt: Attempt | None, language: Language) -> dict[str, Any]:
    typed: Mapping[str, str] = {}
    wrong: dict[str, str] = {}
    if attempt is not None and attempt.verb == "override":
        typed, wrong = attempt.typed, _wrong(attempt.problem, language)
    barred, now = barred_levels(record), record["intensity"]["level"]
    levels = []
    for level in LEVELS:
        why = None
        if level == now:
            why = LABELS["act_as_it_is"].of(language)
        elif level in barred:
            rule = told(RULES, barred[level], language)
            why = LABELS["act_barred"].of(language).format(rule=rule)
        chosen = typed.get("level") == str(level) and why is None
        levels.append(Choice(str(level), level_told(level, language), chosen, why))
    return {
        "levels": levels,
        "reasons": [
            Choice(code, words.of(language), typed.get("reason") == code)
            for code, words in OVERRIDES.items()
        ],
        "text": typed.get("text", ""),
        "wrong": wrong,
    }


def _wrong(problem: ProblemError | None, language: Language) -> dict[str, str]:
    """What is wrong with each field."""
    errors = () if problem is None else problem.errors
    return {
        name: LABELS[f"act_wrong_{name}"].of(language).format(most=TEXT_MAX)
        for name in _FIELDS
        if any(error.pointer == f"/{name}" for error in errors)
    }


def _proposal(record: Record, language: Language) -> str:
    """What waits, for whom, by whom and why: to be read beside the button that approves it."""
    intensity, reason = record["intensity"], record["override_reason"]
    said = [
        LABELS["act_proposal" if reason is None else "act_proposal_by"]
        .of(language)
        .format(
            actor=record["actor"],
            level=level_told(intensity["level"], language),
            account=record["account_id"],
        )
    ]
    if reason is not None:
        said.append(f"{told(OVERRIDES, reason['code'], language)} {reason['text'] or ''}".strip())
    return (" " if language == "en" else "").join(said)


def _nets(record: Record, level: int, language: Language) -> str:
    """What a level nets beside the recommended one; empty where that is it, or none is weighed."""
    intensity, currency = record["intensity"], record["currency"]
    nets = {each["level"]: each["net"] for each in intensity["levels"]}
    best = intensity.get("recommended", level)  # which older records do not have
    if level == best or nets.get(level) is None or nets.get(best) is None:
        return ""
    return (
        LABELS["act_nets"]
        .of(language)
        .format(
            net=formats.money(nets[level], language, currency),
            best=level_told(best, language),
            most=formats.money(nets[best], language, currency),
        )
    )


def _confirming(
    record: Record, attempt: Attempt | None, language: Language
) -> dict[str, Any] | None:
    """The level that is to be confirmed before it is proposed."""
    if attempt is None or attempt.problem is not None:
        return None
    typed = attempt.typed
    return {
        "level": level_told(ESCALATE, language),
        "account": record["account_id"],
        "nets": _nets(record, ESCALATE, language),
        "reason": told(OVERRIDES, typed["reason"], language),
        "fields": {name: typed.get(name, "") for name in _FIELDS},
    }


def _problem(attempt: Attempt, language: Language) -> dict[str, Any] | None:
    """What went wrong, in words; what is wrong with a field stands there."""
    problem = attempt.problem
    if problem is None:
        return None
    members = problem.members
    allowed = [level_told(level, language) for level in members.get("allowed_levels", ())]
    return {
        "kind": problem.kind,
        "verb": attempt.verb,
        "title": TITLES[problem.kind].of(language),
        "remedy": _remedy(problem, language),
        "rules": [
            {"rule": told(RULES, rule["rule"], language), "citation": rule["citation"]}
            for rule in members.get("rules", ())
        ],
        "allowed": (", " if language == "en" else "、").join(allowed),
        "successor": members.get("superseded_by"),
        "detail": problem.detail if problem.kind == "decided-otherwise" else None,
        "wrong": _wrong(problem, language),
    }


def _remedy(problem: ProblemError, language: Language) -> str:
    here = problem.kind == "validation"  # the form with what is wrong stands below
    return (LABELS["act_wrong"] if here else REMEDIES[problem.kind]).of(language)


def _done(record: Record, asked: Asked) -> str | None:
    """Who has just decided what, where the page is asked for after that."""
    done = dict(parse_qsl(asked.here.partition("?")[2])).get("done")
    reason = record["override_reason"]
    if reason is None or done != ("approve" if reason["code"] == APPROVED else "override"):
        return None
    proposed = done == "override" and record["intensity"]["needs_approval"]
    language = asked.language
    return (
        LABELS["act_done_propose" if proposed else f"act_done_{done}"]
        .of(language)
        .format(
            actor=record["actor"],
            at=formats.instant(record["decided_at"], language),
            level=level_told(record["intensity"]["level"], language),
        )
    )
