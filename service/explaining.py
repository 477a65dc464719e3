"""Explaining: what changes do to a decision; nothing is recorded."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from features.panel import Panel, View, known_at
from models.account import Account
from models.assessed import assess
from models.decide import conclude, decide
from models.decision import BindingRule, Decision
from models.generation import Generation
from models.intensity.alternatives import EXPLORATION
from models.intensity.asked import Scarcity, scarcity_of
from models.intensity.ladder import RESOURCES
from models.intensity.response import log_odds_of
from models.refusal import Refusal, refusal
from models.scored import NO_REASON, Scored
from models.target import TARGETS
from service.bodies.changes import ChangesEnvelope, ExplainEnvelope, PricesBody
from service.bodies.decoding import Decoded, account_of, decoded_value
from service.bodies.panels import panel_of
from service.bodies.schemas import LISTS
from service.bodies.validation import read
from service.errors import FieldError, ProblemError, pointer, refused
from service.happened.store import Happened
from service.happened.uniting import held_of, united
from service.log.records import Record
from service.scoring import Clock

_NO_KEYS = np.empty(0, np.uint64)


class Explained(NamedTuple):
    """The decision on a body as it stands, and that with its changes."""

    before: Decision
    after: Decision


class Explaining:
    """Decides, with the generation that is current when a request arrives or another one."""

    def __init__(self, current: Callable[[], Generation], clock: Clock, happened: Happened) -> None:
        self._current = current
        self._clock = clock
        self._happened = happened

    def explain(
        self, raw: Any, generation: Generation | None = None, *, unite: bool = True
    ) -> Explained:
        """Both decisions of one body; ProblemError where one of them cannot be made.

        The changed one keeps the level of the capacity plan where the plan knows its inputs and
        nothing but the account is supposed; else it is weighed at the prices. Both are drawn by
        the same numbers, which depend on the account's id and its newest statement alone. Both are
        united with what happened, but for lists that are supposed; without `unite` they are not,
        as of a body that was when it was decided. `generation` None is the current one.
        """
        now, generation = self._clock(), generation or self._current()
        read(ExplainEnvelope, raw)
        sent = raw["changes"]
        asked = decoded_value(_altered(raw, {}), now)
        changes = read(ChangesEnvelope, sent, ("changes",))
        before = _decided(generation, self._united(asked) if unite else asked)
        try:
            altered = decoded_value(_altered(raw, sent), now)
            whole = self._united(altered, sent) if unite else altered
            return Explained(before, _supposed(generation, whole, changes))
        except ProblemError as problem:
            raise _as_sent(problem, sent) from None

    def _united(self, decoded: Decoded, supposed: Collection[str] = ()) -> Decoded:
        return united(decoded, held_of(self._happened, [decoded]), supposed)


def moved(before: Decision, after: Decision) -> Record:
    """What is another in `after`; the probability's rise is None between two targets."""
    old, new = before.intensity, after.intensity
    same = before.score.target == after.score.target
    return {
        "probability": after.score.probability - before.score.probability if same else None,
        "level": {"from": old.level, "to": new.level},
        "treatment": {"from": old.treatment, "to": new.treatment},
        "binding_rules": {
            "added": _others(new.binding_rules, old.binding_rules),
            "removed": _others(old.binding_rules, new.binding_rules),
        },
        "earliest_contact_at": {"from": old.earliest_contact_at, "to": new.earliest_contact_at},
    }


def _others(rules: tuple[BindingRule, ...], known: tuple[BindingRule, ...]) -> list[Record]:
    return [rule._asdict() for rule in rules if rule not in known]


def _decided(generation: Generation, asked: Decoded) -> Decision:
    account, panel, view = _alone(asked)
    (outcome,) = decide(generation, [account], panel, view)
    if isinstance(outcome, Refusal):
        raise refused(outcome)
    return outcome


def _supposed(generation: Generation, asked: Decoded, changes: ChangesEnvelope) -> Decision:
    account, panel, view = _alone(asked)
    found = refusal(generation, account, panel, view, 0)
    if found is not None:
        raise refused(found)
    known = assess(generation, [account], panel, view, None, keyed=generation.plan is not None)
    if changes.probability is not None:
        scored = _scored_at(generation, known.scored, changes.probability)
        known = known._replace(scored=scored)
    # What is supposed of more than the account leaves the plan's level behind.
    supposed = changes.probability is not None or changes.prices is not None
    keys = _NO_KEYS if supposed else known.keys
    scarce = scarcity_of(generation.plan, generation.policy, [account], known.as_of, keys)
    scarcity = _at_prices(scarce, changes.prices)
    without = frozenset(changes.without_rules or ())
    if EXPLORATION in without:
        generation = _undrawn(generation)
    return conclude(generation, [account], known, scarcity, without - {EXPLORATION})[0]


def _undrawn(generation: Generation) -> Generation:
    """The generation without its experiment: every account gets the level recommended."""
    policy = generation.policy.model_copy(update={"exploration": None})
    return replace(generation, policy=policy)


def _alone(asked: Decoded) -> tuple[Account, Panel, View]:
    panel = panel_of([asked.body])
    view = known_at(panel, np.zeros(1, np.int64), np.array([asked.as_of.timestamp()]))
    return account_of(asked), panel, view


def _scored_at(generation: Generation, scored: Scored, probability: float) -> Scored:
    """The score with another probability, which no feature gives reasons for."""
    bundle = generation.bundles[TARGETS[int(scored.target[0])]]
    log_odds = np.array([log_odds_of(probability)])
    return scored._replace(
        log_odds=log_odds,
        probability=np.array([probability]),
        feature=np.full_like(scored.feature, NO_REASON),
        others=log_odds - bundle.base_log_odds,
    )


def _at_prices(scarcity: Scarcity, prices: PricesBody | None) -> Scarcity:
    """The scarcity with the prices that are named, the others as they are."""
    if prices is None:
        return scarcity
    named = [getattr(prices, resource) for resource in RESOURCES]
    pairs = zip(named, scarcity.prices.tolist(), strict=True)
    return scarcity._replace(prices=np.array([was if to is None else to for to, was in pairs]))


def _altered(raw: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """The body of a decision with the fields and lists of the changes in place of its own."""
    body = {name: value for name, value in raw.items() if name != "changes"}
    body |= {name: sent[name] for name in LISTS if name in sent}
    if "account" in sent:
        fields = sent["account"]
        body["account"] = body["account"] | fields if isinstance(fields, dict) else fields
    return body


def _as_sent(problem: ProblemError, sent: dict[str, Any]) -> ProblemError:
    """The problem with pointers into `changes` where the field at fault stands there."""
    fields = sent.get("account", {})
    named = [("account", name) for name in fields] if isinstance(fields, dict) else [("account",)]
    places = {pointer(path) for path in (*named, *((name,) for name in LISTS if name in sent))}
    return replace(problem, errors=[_placed(error, places) for error in problem.errors])


def _placed(error: FieldError, places: set[str]) -> FieldError:
    parts = error.pointer.split("/")
    if places.isdisjoint(("/".join(parts[:2]), "/".join(parts[:3]))):
        return error
    # The problem may name another row of the same list.
    problem = error.problem.replace(f" /{parts[1]}/", f" /changes/{parts[1]}/")
    return replace(error, pointer=f"/changes{error.pointer}", problem=problem)
