"""Treatment: what the contact is for, from what is known of the debtor's means and will."""

from typing import Literal, NamedTuple, get_args

from models.intensity.instalments import Instalments, instalments
from models.intensity.ladder import CALL, ESCALATE, NONE, LevelTreatment, Treatment

Hold = Literal["promise_not_due", "plan_kept", "payment_in_transit"]
Because = Literal[
    "protected",  # wait: a protection allows no contact
    "hardship_flagged",  # hardship_review: the account is flagged as in hardship or vulnerable
    "hardship_flagged_plan",  # the same, and a plan that was affordable so far is offered with it
    "not_worth",  # wait: no level is worth what it costs
    "barred",  # wait: every level that would be worth it was taken away by contact rules
    "drawn",  # wait: an experiment's draw took the contact away
    "overridden",  # wait: a person took the contact away
    # the level's own, as the account is on hold:
    "promise_not_due",
    "plan_kept",
    "payment_in_transit",
    "unreachable",  # trace: many dials since the debtor was last reached, so no more calls
    "escalate",  # escalate: the level says so
    "escalate_hardship_stated",  # the same, though the debtor told of a lost job or an illness
    "hardship_stated",  # hardship_review: the debtor told of a lost job or an illness
    "low_both",  # hardship_review: ability and willingness are both low
    "shortage_stated",  # offer_plan: the debtor told of short cash or family matters
    "low_ability",  # offer_plan: ability is low, willingness is not
    # hardship_review in place of a plan, after shortage_stated or low_ability:
    "nothing_paid",  # nothing has been paid in the usual month lately
    "plan_too_long",  # at what is usually paid in a month, a plan would take too many months
    "payments_unknown",  # what has been paid lately is not known, so no plan can be bounded
    "unwilling_stated",  # negotiate: the debtor does not want to pay, and said so
    "low_willingness",  # negotiate: willingness is low, ability is not
    "forgot_stated",  # remind: the debtor forgot, and said so
    "level",  # the level's own: nothing known asks for another
]
BECAUSE: tuple[Because, ...] = get_args(Because)

# Out of features.tables.REASONS.
_HARDSHIP = ("lost_job", "illness")
_SHORTAGE = ("cash_flow", "family")


class Treated(NamedTuple):
    """A treatment, the code of the reason for it, and the repayment plan to offer with it."""

    treatment: Treatment
    because: Because
    plan: Instalments | None = None


def treat(
    level: int,
    own: LevelTreatment,
    *,
    asked: Treatment | None,
    held: Hold | None,
    barred: bool,
    drawn: bool,
    overridden: bool,
    unreachable: bool,
    stated: str | None,
    ability: float,
    willingness: float,
    standing_valid: bool,
    past_due: float,
    paid_month: float,
    low_below: float,
    plan_months: int,
) -> Treated:
    """The treatment of an account at a level, which it never alters; `own` is the ladder's.

    asked: what the strictest protection of the account asks for, if any does.
    held: the hold on the account, if there is one.
    barred: a level worth more than none was taken away by the contact rules.
    drawn: the level was drawn, and is not the one recommended.
    overridden: a person gave the level in place of another.
    unreachable: the rule of the unreachable took something away.
    stated: the debtor's latest reason for being late, out of features.tables.REASONS.
    ability, willingness: percentiles, low below `low_below`; used where `standing_valid`.
    past_due, paid_month: amounts, the latter what is usually paid in a month, NaN if not known.
    plan_months: the most months of a plan.
    """
    if asked == "wait":
        return Treated("wait", "protected")
    if asked is not None:
        # Who keeps a promise or a plan already is not asked to agree to another.
        spoken_to = level > NONE and held is None
        plan = instalments(past_due, paid_month, plan_months) if spoken_to else None
        return Treated(asked, "hardship_flagged_plan" if plan else "hardship_flagged", plan)
    if level == NONE and (drawn or overridden):
        return Treated("wait", "overridden" if overridden else "drawn")
    if level == NONE and not (barred and unreachable):
        return Treated("wait", "barred" if barred else "not_worth")
    if held is not None:
        return Treated(own, held)
    if unreachable:
        return Treated("trace", "unreachable")
    if level == ESCALATE:
        # Whoever approves the step has to see it.
        hard = stated in _HARDSHIP
        return Treated("escalate", "escalate_hardship_stated" if hard else "escalate")
    # Where nothing is past due, the percentiles are among accounts that are on time: the lowest
    # of them are in no need of help yet.
    valid = standing_valid and past_due > 0
    unable, unwilling = valid and ability < low_below, valid and willingness < low_below
    if stated in _HARDSHIP:
        return Treated("hardship_review", "hardship_stated")
    if unable and unwilling:
        return Treated("hardship_review", "low_both")
    if past_due > 0 and (stated in _SHORTAGE or unable):
        told: Because = "shortage_stated" if stated in _SHORTAGE else "low_ability"
        return _plan(told, past_due, paid_month, plan_months)
    return _talk(level, own, stated, unwilling)


def _plan(told: Because, past_due: float, paid_month: float, plan_months: int) -> Treated:
    """A plan where one is affordable; a person looks for another way where none is."""
    plan = instalments(past_due, paid_month, plan_months)
    if plan is not None:
        return Treated("offer_plan", told, plan)
    if paid_month != paid_month:
        return Treated("hardship_review", "payments_unknown")
    return Treated("hardship_review", "plan_too_long" if paid_month > 0 else "nothing_paid")


def _talk(level: int, own: LevelTreatment, stated: str | None, unwilling: bool) -> Treated:
    """What to say to somebody who can pay."""
    if level >= CALL and (unwilling or stated == "unwilling"):
        told: Because = "unwilling_stated" if stated == "unwilling" else "low_willingness"
        return Treated("negotiate", told)
    # Above a call, reminders have plainly not been enough.
    if level <= CALL and stated == "forgot":
        return Treated("remind", "forgot_stated")
    return Treated(own, "level")
