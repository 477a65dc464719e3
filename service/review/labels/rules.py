"""Labels of the rules of contact, and of resources and their prices."""

from models.intensity.words.catalogue import Words

_PRICES: dict[str, Words] = {
    "prices_none": Words(
        "No capacity plan is in force: resources are not scarce, and cost no more than the policy "
        "says.",
        "没有生效的产能计划：资源不紧缺，成本以策略为准。",
    ),
    "prices_meaning": Words(
        "The price is what one more unit of a resource would bring on other accounts, in the "
        "policy's unit.",
        "影子价格为多一单位资源用于其他账户可带来的收益，以策略单位计。",
    ),
    "prices_stale": Words(
        "The plan is {age} days old, and decisions hold for {valid}: none of its levels holds any "
        "more.",
        "该计划已有 {age} 天，而决策有效期为 {valid} 天：其级别均已失效。",
    ),
    "prices_do_not_fit": Words(
        "The plan was made with other models, rules or another policy: its prices hold, its "
        "levels do not.",
        "该计划由其他模型、规则或策略制定：价格有效，级别无效。",
    ),
    "prices_below_minimum": Words(
        "The capacity was too little for the lowest levels of the stages: accounts went below.",
        "产能不足以满足各阶段的最低级别：部分账户低于最低级别。",
    ),
    "prices_run": Words("Nightly run", "夜间运行"),
    "prices_as_of": Words("Made as of", "计划时点"),
    "prices_age": Words(
        "{age} days ago; decisions hold for {valid} days", "{age} 天前；决策有效期 {valid} 天"
    ),
    "prices_decided_at": Words("Decided at", "制定时间"),
    "prices_n": Words("Accounts weighed", "参与权衡的账户数"),
    "prices_resource": Words("Resource", "资源"),
    "prices_use": Words("Used a day, at most", "每日最多使用"),
    "prices_capacity": Words("Capacity a day", "每日产能"),
    "prices_unlimited": Words("no limit", "不限"),
}

_RULES: dict[str, Words] = {
    "rules_meaning": Words(
        "An account has the rules of its jurisdiction and of every one that this is part of; the "
        "strictest wins. Where none are known, every rule on frequency and hours applies. This is "
        "no legal advice.",
        "账户适用其所属司法管辖区及其上级辖区的规则，以最严格者为准；若规则未知，则适用全部频次与时间规则。"
        "本页不构成法律意见。",
    ),
    "rules_advisory_apply": Words(
        "Advisory rules bind like hard ones: the policy says so.",
        "按现行策略，建议性规则与强制规则同样具有约束力。",
    ),
    "rules_advisory_tell": Words(
        "Advisory rules are only shown: the policy says so.", "按现行策略，建议性规则仅作提示。"
    ),
    "rules_version": Words("Version of the rules:", "规则版本："),
    "rules_force": Words("Force", "效力"),
    "rules_hard": Words("hard", "强制"),
    "rules_advisory": Words("advisory", "建议"),
    "rules_duty": Words("told, not enforced", "仅提示，不强制执行"),
    "rules_since": Words("Since", "生效日期"),
    "rules_later": Words("not yet", "尚未生效"),
    "rules_holds_for": Words("Holds for", "适用对象"),
    "rules_source": Words("Source", "依据"),
    "rules_confidence": Words("How surely it says so", "依据的确定程度"),
    "confidence_high": Words("surely", "高"),
    "confidence_medium-high": Words("fairly surely", "较高"),
    "confidence_medium": Words("not so surely", "中"),
    "confidence_own": Words("our own rule", "本系统自定"),
    "policy_everywhere": Words("Everywhere", "所有地区"),
}

RULES_LABELS: dict[str, Words] = {**_PRICES, **_RULES}
