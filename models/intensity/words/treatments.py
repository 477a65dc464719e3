"""Treatments and the reasons for them, as sentences."""

from typing import Any

from models.intensity.words.catalogue import Words, told
from models.intensity.words.names import money_told
from models.score.reasons import Language

TREATMENTS: dict[str, Words] = {
    "wait": Words("Wait: make no contact.", "等待：不作联系。"),
    "remind": Words("Remind the customer of what is due.", "提醒客户应还款项。"),
    "negotiate": Words("Talk with the customer about how to pay.", "与客户协商还款。"),
    "offer_plan": Words("Offer the customer a repayment plan.", "向客户提供分期还款计划。"),
    "hardship_review": Words(
        "Review the customer's hardship; offer relief or a plan.",
        "审核客户的困难情况，提供减缓措施或还款计划。",
    ),
    "trace": Words(
        "Trace the customer: look for another way to reach them, and make no more calls.",
        "查找客户的其他联系方式，停止拨打电话。",
    ),
    "escalate": Words(
        "Escalate to a visit, agency or legal step, once approved.",
        "经批准后升级为上门、委外或法律措施。",
    ),
}

# Why that treatment, by the codes of models.intensity.treatment.
BECAUSE: dict[str, Words] = {
    "protected": Words(
        "A protection of the account allows no contact.", "账户受到保护，不得联系。"
    ),
    "hardship_flagged": Words(
        "The account is flagged as in hardship or vulnerable.",
        "账户已标记为困难客户或弱势客户。",
    ),
    "hardship_flagged_plan": Words(
        "The account is flagged as in hardship or vulnerable; a plan that it has been able to pay "
        "so far can be offered.",
        "账户已标记为困难客户或弱势客户；可同时提供以往还款能力可以承受的分期计划。",
    ),
    "not_worth": Words(
        "No level of contact is worth what it costs.", "任何级别的联系所带来的价值都不及其成本。"
    ),
    "barred": Words(
        "Every level that would be worth it was taken away by the contact rules.",
        "值得采用的级别均被联系规则取消。",
    ),
    "drawn": Words(
        "That no contact is made was drawn at random for an experiment.",
        "为试验随机抽取为不作联系。",
    ),
    "overridden": Words("A person decided that no contact is made.", "经人工决定不作联系。"),
    "promise_not_due": Words("A promise to pay is not yet due.", "还款承诺尚未到期。"),
    "plan_kept": Words("A repayment plan is being kept.", "客户正在履行还款计划。"),
    "payment_in_transit": Words(
        "A payment that covers the past due amount is in transit.",
        "足以清偿逾期金额的还款正在途中。",
    ),
    "unreachable": Words(
        "Many calls have been made since the customer was last reached.",
        "自上次联系到客户以来，已多次拨打电话未果。",
    ),
    "escalate": Words("That is what this level stands for.", "该级别即采用此处置方式。"),
    "escalate_hardship_stated": Words(
        "Before approving, note that the customer has told of a lost job or an illness.",
        "批准前请注意：客户曾表示失业或患病。",
    ),
    "hardship_stated": Words(
        "The customer has told of a lost job or an illness.", "客户曾表示失业或患病。"
    ),
    "low_both": Words("Both ability and willingness to pay are low.", "还款能力与还款意愿均较低。"),
    "shortage_stated": Words(
        "The customer has told of short cash or of family matters.",
        "客户曾表示资金周转困难或家庭原因。",
    ),
    "low_ability": Words(
        "Ability to pay is low, willingness is not.", "还款能力较低，但还款意愿并不低。"
    ),
    "nothing_paid": Words(
        "The customer is short of money, and nothing has usually been paid in a month lately: it "
        "cannot be said what plan the customer could keep.",
        "客户资金困难，且近期通常每月无还款，无法据此确定分期计划。",
    ),
    "plan_too_long": Words(
        "The customer is short of money, and at what has been paid in a month lately a plan would "
        "take too long.",
        "客户资金困难，按近期每月还款额计算，分期计划期限过长。",
    ),
    "payments_unknown": Words(
        "The customer is short of money, and what has been paid lately is not known: it "
        "cannot be said what plan the customer could keep.",
        "客户资金困难，且近期还款情况未知，无法据此确定分期计划。",
    ),
    "unwilling_stated": Words(
        "The customer has said that they do not want to pay.", "客户曾表示不愿还款。"
    ),
    "low_willingness": Words(
        "Willingness to pay is low, ability is not.", "还款意愿较低，但还款能力并不低。"
    ),
    "forgot_stated": Words(
        "The customer has said that they forgot to pay.", "客户曾表示忘记还款。"
    ),
    "level": Words(
        "That is what this level stands for: nothing known of the account asks for another "
        "treatment.",
        "该级别即采用此处置方式：账户的已知情况不需要其他处置。",
    ),
}

_PLAN = Words(
    "Plan: {months} months, {instalment} a month at most.",
    "计划：分 {months} 个月，每月不超过 {instalment}。",
)
_PLAN_OF_ONE = Words("Plan: {instalment} in one month.", "计划：一个月内还清 {instalment}。")


def treatment_text(intensity: dict[str, Any], currency: str, language: Language) -> str:
    """The treatment of a recorded intensity, why, and its plan if it has one, as sentences.

    Records of schema 1 do not say why.
    """
    said = [told(TREATMENTS, intensity["treatment"], language)]
    if "because" in intensity:
        said.append(told(BECAUSE, intensity["because"], language))
    if "plan" in intensity:
        said.append(_plan_told(intensity["plan"], currency, language))
    return (" " if language == "en" else "").join(said)


def _plan_told(plan: dict[str, float], currency: str, language: Language) -> str:
    """The months and the instalment of a repayment plan, whose last instalment may be smaller."""
    instalment = money_told(plan["instalment"], currency)
    words = _PLAN_OF_ONE if plan["months"] == 1 else _PLAN
    return words.of(language).format(months=f"{plan['months']:.0f}", instalment=instalment)
