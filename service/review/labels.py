"""Labels of the review pages in English and Chinese."""

from models.intensity.words.catalogue import Words
from service.review.visit_labels import VISIT_LABELS

LABELS: dict[str, Words] = {
    "decision": Words("Decision", "决策"),
    "decisions": Words("Latest decisions", "最新决策"),
    "none_yet": Words("No decision has been recorded yet.", "尚无决策记录。"),
    "all": Words("All decisions", "全部决策"),
    "account": Words("Account", "账户"),
    "as_of": Words("As of", "决策时点"),
    "decided_at": Words("Decided at", "决策时间"),
    "valid_until": Words("Valid until", "有效期至"),
    "data_age": Words("Age of the newest statement", "最新账单距今"),
    "days": Words("days", "天"),
    "actor": Words("Decided by", "决策者"),
    "status": Words("Status", "状态"),
    "proposed": Words("proposed", "待批准"),
    "effective": Words("effective", "已生效"),
    "superseded": Words("superseded", "已被取代"),
    "supersedes": Words("Takes the place of", "取代的决策"),
    "superseded_by": Words("Another decision has taken its place:", "本决策已被另一决策取代："),
    "override_reason": Words("Why a person decided", "人工决定的理由"),
    "score": Words("Score", "评分"),
    "probability_cure": Words("Probability of cure", "恢复正常的概率"),
    "probability_sustained_cure": Words("Probability of a cure that lasts", "持续恢复正常的概率"),
    "probability_early_warning": Words("Probability of staying current", "保持正常的概率"),
    "horizon": Words("Statements ahead that count", "观察的后续账单数"),
    "stage": Words("Stage", "逾期阶段"),
    "tier": Words("Risk tier", "风险等级"),
    "low": Words("low", "低"),
    "medium": Words("medium", "中"),
    "high": Words("high", "高"),
    "doubtful": Words("doubtful", "可疑"),
    "ability": Words("Ability to pay", "还款能力"),
    "willingness": Words("Willingness to pay", "还款意愿"),
    "percentile": Words(
        "percentile of the accounts the model was trained on, 0 to 100",
        "在训练账户中的百分位，0 至 100",
    ),
    "standing_valid": Words("Ability and willingness: validated.", "还款能力与还款意愿：已验证。"),
    "standing_not_valid": Words(
        "Ability and willingness: not validated, shown for information; treatments do not use "
        "them.",
        "还款能力与还款意愿：未经验证，仅供参考；处置方式不使用这两项。",
    ),
    "level": Words("Contact level", "联系强度"),
    "channels": Words("Channels", "渠道"),
    "no_channels": Words("none", "无"),
    "needs_approval": Words(
        "A person must approve this level before it is used.", "该级别须经人工批准后方可执行。"
    ),
    "rules": Words("Rules that bound", "起约束作用的规则"),
    "no_rules": Words(
        "No rule changed the level, its channels or the time of contact.",
        "没有规则改变级别、渠道或联系时间。",
    ),
    "rule": Words("Rule", "规则"),
    "citation": Words("Source", "依据"),
    "took_away": Words("Took away", "限制内容"),
    "earliest_contact": Words("Earliest contact", "最早可联系时间"),
    "local_time": Words("time at the debtor's place", "债务人所在地时间"),
    "rules_of": Words("Contact rules of", "适用的联系规则"),
    "strictest": Words(
        "No rules are known for the account's jurisdiction: the strictest of all known rules "
        "were applied.",
        "账户所属司法管辖区的规则未知：已适用全部已知规则中最严格者。",
    ),
    "planned": Words("Capacity plan", "产能计划"),
    "is_planned": Words(
        "the level is that of the latest plan: the account's inputs have not changed since",
        "级别取自最新产能计划：此后账户的输入数据未变化",
    ),
    "is_not_planned": Words(
        "weighed at the plan's prices: the account is not in the plan, or its inputs have changed",
        "按产能计划的价格权衡：账户不在计划中，或其输入数据此后已变化",
    ),
    "levels": Words("All levels", "全部级别"),
    "level_column": Words("Level", "级别"),
    "weighed": Words(
        "All amounts are for one cycle. Value is what the level adds to no contact; price is what "
        "the resources it uses would bring on other accounts; net is value less cost and price. "
        "Of the levels that policy and contact rules leave, the one with the largest net is "
        "recommended; protections and holds may lower it then.",
        "所有金额均按一个周期计算。价值为该级别相对于不联系所增加的收益；影子价格为所占用资源用于其他账户"
        "可带来的收益；净值为价值减去成本与影子价格。在策略与联系规则允许的级别中推荐净值最大者，"
        "随后可能因保护措施或暂缓事由而降低。",
    ),
    "response_assumed": Words(
        "What contact changes is assumed in the policy, not estimated from data.",
        "联系所带来的变化为策略中的假设，并非由数据估计得出。",
    ),
    "response_estimated": Words(
        "What contact changes is estimated from assignments.",
        "联系所带来的变化由分配记录估计得出。",
    ),
    "response_partly": Words(
        "What contact changes is estimated from assignments for some levels, and assumed in the "
        "policy for the others: see below.",
        "部分级别的联系效果由分配记录估计得出，其余为策略中的假设：详见下文。",
    ),
    "effects": Words("What each level adds to the probability", "各级别使概率增加多少"),
    "effects_meaning": Words(
        "In percentage points, against no contact. The line across a bar is the 95% interval of an "
        "estimated effect; a pale bar is assumed.",
        "以百分点计，与不联系相比。条形上的横线为估计效果的 95% 区间；浅色条形为假设值。",
    ),
    "effect": Words("Effect", "效果"),
    "effect_bar": Words("Lowers · raises it", "降低 · 提高概率"),
    "recommended": Words("recommended", "推荐"),
    "probability": Words("Probability", "概率"),
    "value": Words("Value", "价值"),
    "cost": Words("Cost", "成本"),
    "price": Words("Price", "影子价格"),
    "net": Words("Net", "净值"),
    "net_bar": Words("Loses · gains", "亏 · 盈"),
    "chosen": Words("chosen", "选用"),
    "runner_up": Words("runner-up", "次优"),
    "changes": Words("What would change the level", "哪些变化会改变级别"),
    "changes_meaning": Words(
        "Each changes one thing alone; the relatively smallest stands first.",
        "每项仅改变一个因素；相对变化最小者列在最前。",
    ),
    "no_changes": Words(
        "No change of one thing alone would alter the level.", "仅改变任何一个因素都不会改变级别。"
    ),
    "limits": Words("Limits on contact", "联系次数限制"),
    "counted": Words("What is counted", "计数内容"),
    "used": Words("Used", "已用"),
    "used_of": Words("{used} of {max}", "{max} 次中的 {used} 次"),
    "allowed": Words("Allowed", "允许"),
    "yes": Words("yes", "是"),
    "no": Words("no", "否"),
    "reasons": Words("Reasons, in log-odds", "原因（对数几率）"),
    "adds_up": Words(
        "Each number is a share of the log-odds, not of the probability. "
        "The base and all shares add up to the log-odds of the probability above.",
        "每个数字都是对数几率的一部分，而不是概率的一部分。基准值与各项之和等于上述概率的对数几率。",
    ),
    "base": Words("Base: the average account", "基准：平均账户"),
    "others": Words("All others together", "其余各项合计"),
    "total": Words("Log-odds of the probability", "该概率的对数几率"),
    "feature": Words("Feature", "特征"),
    "group": Words("Group", "类别"),
    "group_ability": Words("ability", "能力"),
    "group_willingness": Words("willingness", "意愿"),
    "group_exposure": Words("exposure", "敞口"),
    "group_contact": Words("contact", "联系"),
    "group_calibration": Words("calibration", "校准"),
    "meaning": Words("Meaning", "含义"),
    "share": Words("Log-odds", "对数几率"),
    "direction": Words("Lowers · raises", "降低 · 提高"),
    "versions": Words("What decided", "决策依据的版本"),
    "inputs": Words("SHA-256 of the inputs", "输入数据的 SHA-256"),
    "note": Words(
        "The page shows the record as it was stored; nothing is computed anew.",
        "本页显示存储的记录，不重新计算。",
    ),
    **VISIT_LABELS,
}
