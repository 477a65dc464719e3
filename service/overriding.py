"""Overriding: a person's decision in the place of a recorded one, never beyond a rule.

It is made of the same inputs at the same instant by what decided then, but for the level. The rules
are asked twice: as of the decision, and as they count now.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from features.errors import InputError
from models.decide import Beyond, decide_at
from models.decision import BindingRule, Decision, Intensity
from models.generation import Generation
from models.intensity.plan import PlanError
from models.intensity.rules.book import COUNTED
from models.intensity.words.overrides import APPROVED
from models.refusal import Refusal
from service.bodies.decoding import Decoded
from service.bodies.inputs import body_of
from service.errors import ProblemError
from service.happened.store import Happened
from service.happened.uniting import held_of, united
from service.log.decisions import DecisionLog, Query
from service.log.idempotency import Item, Key, claim
from service.log.ids import Ids
from service.log.records import Override, Record, entry
from service.log.superseding import SupersededError, Superseding
from service.replay.making import Kept, ReplayError, alone, inputs_of, made_again
from service.replay.past import Past
from service.scoring import Clock
from service.served.registry import ModelsError

LOOKED_AT = 50  # decisions of an account, the last recorded ones, for what was sent last
_ASK_ANEW = "Ask for a new decision on the account; it can be overridden in turn."
_COUNTED = frozenset(rule.id for rule in COUNTED)


class By(NamedTuple):
    """Who decides, and the key that the request came with, if any."""

    actor: str
    key: Key | None


class Overriding:
    """Makes, and records, what takes the place of decisions in the database of `engine`.

    All raise ProblemError where a decision cannot be superseded so, and SQLAlchemyError where the
    database cannot be used; they return None where another request had the key before.
    """

    def __init__(
        self,
        engine: sa.Engine,
        past: Past,
        current: Callable[[], Generation],
        clock: Clock,
        happened: Happened,
    ) -> None:
        self._past = past
        self._current = current
        self._clock = clock
        self._happened = happened
        self._log = DecisionLog(engine)
        self._superseding = Superseding(engine)
        self._ids = Ids()

    def override(
        self, decision_id: UUID, level: int, reason: str, text: str | None, by: By
    ) -> Record | None:
        """The recorded decision of a reviewer who gives the account another level.

        Level 4 is proposed, and needs another reviewer.
        """
        now = self._clock()
        kept = self._standing(decision_id, now)
        if kept.row.level == level:
            raise ProblemError("level-unchanged", f"The decision's level is {level} already.")
        return self._record(kept, level, Override(decision_id, reason, text), by, now)

    def approve(self, decision_id: UUID, text: str | None, by: By) -> Record | None:
        """The recorded approval of a proposed decision, which makes it effective."""
        now = self._clock()
        kept = self._standing(decision_id, now)
        if kept.row.status != "proposed":
            raise ProblemError("not-proposed", "The decision is effective without an approval.")
        if by.actor in self.makers(kept.record):
            raise ProblemError(
                "own-decision",
                f"{by.actor} made this decision, or the one before it: another reviewer's key has "
                "to approve it.",
            )
        return self._record(kept, kept.row.level, Override(decision_id, APPROVED, text), by, now)

    def makers(self, record: Record) -> set[str]:
        """Who made the decision, and the one before it if that was a person's: none may approve."""
        makers = {record["actor"]}
        if record["supersedes"] is not None:
            before = self._log.read(record["supersedes"])
            if before is not None and before["override_reason"] is not None:
                makers.add(before["actor"])
        return makers

    def _standing(self, decision_id: UUID, now: datetime) -> Kept:
        """The decision, if nothing has taken its place and it is still valid."""
        try:
            kept = self._past.kept(decision_id)
        except ReplayError as error:
            raise _decided_otherwise(error) from None
        if kept is None:
            raise ProblemError("not-found", "There is no decision with this id.")
        if "superseded_by" in kept.record:
            raise _superseded(kept.record["superseded_by"])
        valid_until = kept.record["valid_until"]
        if datetime.fromisoformat(valid_until) <= now:
            raise ProblemError(
                "decision-expired", f"The decision was valid until {valid_until}. {_ASK_ANEW}"
            )
        return kept

    def check(self, decision_id: UUID, now: datetime) -> None:
        """ProblemError where the rules would not leave the decision as it is if it were made now.

        Raises sqlalchemy.exc.SQLAlchemyError.
        """
        kept = self._standing(decision_id, now)
        self._require_allowed_now(kept, self._made(kept, kept.row.level), now)

    def _latest(self, kept: Kept) -> Kept:
        """The decision of the same account on the latest inputs; perhaps the same one."""
        known = self._log.search(Query(account_id=kept.row.account_id), LOOKED_AT).records
        # A person's decision is of what was sent before.
        sent = [record for record in known if record["override_reason"] is None] or [kept.record]
        latest = max(sent, key=lambda record: datetime.fromisoformat(record["as_of"]))
        if latest["inputs_sha256"] == kept.record["inputs_sha256"]:
            return kept
        try:
            return self._past.kept(UUID(latest["decision_id"])) or kept
        except ReplayError as error:
            raise _decided_otherwise(error) from None

    def _record(
        self, kept: Kept, level: int, override: Override, by: By, now: datetime
    ) -> Record | None:
        decision = self._made(kept, level)
        self._require_allowed_now(kept, decision, now)
        decided_at, decision_id = self._ids.stamp(now)
        made, record = entry(
            decision,
            kept.inputs,
            decided_at=decided_at,
            actor=by.actor,
            generation=kept.row.generation,
            decision_id=decision_id,
            override=override,
        )
        claimed = None if by.key is None else claim(by.key, [Item(str(decision_id))], now)
        try:
            won = self._superseding.record(made, override.supersedes, kept.row.kind, claimed)
        except SupersededError as error:
            raise _superseded(str(error.successor)) from None
        return record if won else None

    def _made(self, kept: Kept, level: int) -> Decision:
        """The decision with that level, as it could have been made then."""
        try:
            found = made_again(kept, self._past.of(kept), level)
        except (ReplayError, ModelsError, PlanError, InputError) as error:
            raise _decided_otherwise(error) from None
        return _allowed(found, level, "as of the decision")

    def _require_allowed_now(self, kept: Kept, decision: Decision, now: datetime) -> None:
        """Refuse what the rules would not leave of the decision if it were made now.

        Of what was sent last of the account, its flags among it, with what has happened since.
        """
        latest, level = self._latest(kept), decision.intensity.level
        body = inputs_of(latest)
        then = Decoded(body, max(now, body.as_of), body_of(latest.inputs))
        today = united(then, held_of(self._happened, [then]))
        account, panel, view = alone(today.body, today.as_of)
        found = decide_at(self._current(), account, panel, view, level)
        intensity = _allowed(found, level, "as of now").intensity
        rules = _taken_since(decision.intensity, intensity)
        if rules:
            allowed = [each for each in range(level) if intensity.levels[each].allowed]
            raise _beyond(Beyond(rules, tuple(allowed)), level, "as of now")


def _allowed(found: Decision | Refusal | Beyond, level: int, when: str) -> Decision:
    if isinstance(found, Refusal):
        raise ProblemError(
            "decided-otherwise", f"{when[:1].upper()}{when[1:]}: {found.problem}. {_ASK_ANEW}"
        )
    if isinstance(found, Beyond):
        raise _beyond(found, level, when)
    return found


def _taken_since(then: Intensity, now: Intensity) -> tuple[BindingRule, ...]:
    """The rules that have taken a channel or days from what the decision would allow.

    An hour of the day comes again: rules on hours take nothing.
    """
    later = then.earliest_contact_at is None or _is_later(now, then)
    return tuple(
        rule
        for rule in now.binding_rules
        if rule.took_away.removeprefix("channel:") in then.channels
        or (rule.took_away.startswith("time:") and rule.rule in _COUNTED and later)
    )


def _is_later(now: Intensity, then: Intensity) -> bool:
    first, before = now.earliest_contact_at, then.earliest_contact_at
    assert first is not None
    assert before is not None
    return datetime.fromisoformat(first) > datetime.fromisoformat(before)


def _beyond(found: Beyond, level: int, when: str) -> ProblemError:
    named = "; ".join(f"{rule.rule} ({rule.citation})" for rule in found.rules)
    allowed = ", ".join(map(str, found.allowed))
    return ProblemError(
        "beyond-a-rule",
        f"Level {level} is beyond {named}, {when}. Levels that no rule takes: {allowed}.",
        members={
            "rules": [rule._asdict() for rule in found.rules],
            "allowed_levels": list(found.allowed),
        },
    )


def _superseded(successor: str) -> ProblemError:
    return ProblemError(
        "already-superseded",
        f"Decision {successor} has taken its place.",
        members={"superseded_by": successor},
    )


def _decided_otherwise(error: Exception) -> ProblemError:
    return ProblemError("decided-otherwise", f"It cannot be made anew: {error}. {_ASK_ANEW}")
