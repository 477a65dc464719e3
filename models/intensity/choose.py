"""The level of one account: the policy's table first, protections and holds last."""

from models.account import Account
from models.decision import BindingRule, Intensity, Level
from models.intensity.ladder import ESCALATE, LEVEL_NAMES, LEVELS
from models.intensity.policy import Policy
from models.intensity.rules.holds import holds
from models.intensity.rules.protections import VISIT_APPOINTMENT, protections
from models.intensity.rules.rule import Rule
from models.intensity.situation import Situation
from models.score.tier import Tier
from models.stage import Stage

# `taken_by` of levels that the policy's bounds of the stage leave out.
STAGE_LOWEST = "stage_lowest"
STAGE_HIGHEST = "stage_highest"


def choose(
    policy: Policy, account: Account, stage: Stage, tier: Tier, situation: Situation
) -> Intensity:
    """The contact intensity of an account.

    The level is min(level of stage and tier, lowest cap of the rules that apply): a cap goes
    below the stage's lowest level too. `binding_rules` are the rules that took something
    away, strictest first; `took_away` is `level:3->1` (the level as if unflagged, and what
    this rule alone leaves of it) or `channel:visit`. Of `levels`, `taken_by` is a rule's id,
    `stage_lowest` or `stage_highest`.
    """
    unflagged = policy.levels[stage, tier]
    applicable = _applicable(account, situation)
    level = min(unflagged, applicable[0].cap) if applicable else unflagged
    channels, visit_taken = _channels(policy, level, situation)
    return Intensity(
        level=level,
        name=LEVEL_NAMES[level],
        treatment=_treatment(policy, level, applicable),
        channels=channels,
        needs_approval=level == ESCALATE,
        levels=_levels(policy.bounds[stage], applicable),
        binding_rules=_binding(unflagged, applicable) + visit_taken,
    )


def _applicable(account: Account, situation: Situation) -> list[Rule]:
    """The rules that apply, strictest first; those of one cap by the order of their names."""
    # Flags are a set: sorting by name too makes the order the same in every process.
    found = protections(account.flags) + holds(situation)
    return sorted(found, key=lambda rule: (rule.cap, rule.id))


def _binding(unflagged: int, applicable: list[Rule]) -> tuple[BindingRule, ...]:
    return tuple(
        BindingRule(rule.id, rule.citation, f"level:{unflagged}->{rule.cap}")
        for rule in applicable
        if rule.cap < unflagged
    )


def _channels(
    policy: Policy, level: int, situation: Situation
) -> tuple[tuple[str, ...], tuple[BindingRule, ...]]:
    """The level's channels, and the rule that took one away, if any did."""
    channels: tuple[str, ...] = policy.rungs[level].channels
    if "visit" not in channels or situation.visit_agreed:
        return channels, ()
    taken = BindingRule(VISIT_APPOINTMENT.id, VISIT_APPOINTMENT.citation, "channel:visit")
    return tuple(channel for channel in channels if channel != "visit"), (taken,)


def _treatment(policy: Policy, level: int, applicable: list[Rule]) -> str:
    """What the strictest rule with a treatment asks for, whether or not it took a level."""
    for rule in applicable:
        if rule.treatment is not None:
            return rule.treatment
    return policy.rungs[level].treatment


def _levels(bounds: tuple[int, int], applicable: list[Rule]) -> tuple[Level, ...]:
    lowest, highest = bounds
    strictest = applicable[0] if applicable else None
    levels = []
    for level in LEVELS:
        taken_by = None
        if level > highest:
            taken_by = STAGE_HIGHEST
        elif strictest is not None and level > strictest.cap:
            taken_by = strictest.id
        elif level < lowest and (strictest is None or level < strictest.cap):
            taken_by = STAGE_LOWEST
        levels.append(Level(level, taken_by is None, taken_by))
    return tuple(levels)
