"""Labels of the page of policies."""

from models.intensity.words.catalogue import Words
from service.review.labels.rules import RULES_LABELS

_POLICY: dict[str, Words] = {
    "policies_intro": Words(
        "What the policy in force does, what contact changes, and what of that is only assumed.",
        "现行策略的内容、联系带来的变化，以及其中哪些仅为假设。",
    ),
    "policy_in_force": Words("In force", "现行策略"),
    "policy_challenger": Words("Challenger", "挑战策略"),
    "policy_no_challenger": Words("There is no challenger.", "没有挑战策略。"),
    "policy_experiment": Words("Experiment", "试验"),
    "policy_no_experiment": Words(
        "No level is drawn at random, so nothing new is learnt of what contact changes.",
        "没有随机抽取级别，因此无法得到关于联系效果的新认识。",
    ),
    "policy_arm_ordinary": Words("Ordinary: the level recommended", "常规组：采用推荐级别"),
    "policy_arm_explore": Words("Level drawn at random", "随机抽取级别"),
    "policy_arm_challenger": Words("Decided by the challenger", "由挑战策略决定"),
    "policy_name": Words("Name", "名称"),
    "policy_from": Words("From", "来源"),
    "policy_version": Words("registry, version {version}", "注册库，版本 {version}"),
    "policy_not_registered": Words(
        "the package or a file: no policy is registered", "内置或文件：注册库中没有策略"
    ),
    "policy_other": Words(
        "the package or a file: it is none of the registered ones",
        "内置或文件：不是注册库中的任何版本",
    ),
    "policy_estimate": Words("SHA-256 of the estimate", "效果估计的 SHA-256"),
    "policy_no_estimate": Words("none: every effect is assumed", "无：全部效果均为假设"),
    "section_ladder": Words("Levels", "级别"),
    "section_effects": Words("What contact changes", "联系带来的变化"),
    "section_worth": Words("What policies are worth", "策略的价值"),
    "section_prices": Words("Resources and prices", "资源与影子价格"),
    "section_rules": Words("Rules of contact", "联系规则"),
    "section_policy_history": Words("Who put what in force", "启用记录"),
    "ladder_meaning": Words(
        "What each level of contact stands for. The first channel is what the level stands for: "
        "where the rules take it, they take the level.",
        "每个联系级别的含义。首个渠道代表该级别：规则取消该渠道即取消该级别。",
    ),
    "policy_unit": Words(
        "Amounts are in the policy's own unit, which is {amount}.",
        "金额以策略自身的单位计，1 单位为 {amount}。",
    ),
    "policy_level": Words("Level", "级别"),
    "policy_treatment": Words("Stands for", "处置方式"),
    "policy_contacts": Words("Contacts a week", "每周联系次数"),
    "policy_unit_cost": Words("Cost of a contact", "每次联系成本"),
    "policy_uses": Words("Uses a week", "每周占用资源"),
    "resource_agent_minutes": Words("minutes of an agent", "坐席分钟"),
    "resource_letters": Words("letters", "信函"),
    "resource_visits": Words("visits", "上门次数"),
    "policy_approved": Words("needs approval", "须经批准"),
    "policy_stages": Words(
        "Bounds of each stage, and ordinary contact", "各阶段的级别范围与通常联系"
    ),
    "policy_stages_meaning": Words(
        "No policy gives more than the highest level; a rule goes below the lowest. The shares "
        "are the ordinary contact that the score was learnt under.",
        "不会超过最高级别；规则可低于最低级别。比例为评分训练时的通常联系分布。",
    ),
    "policy_lowest": Words("Lowest", "最低"),
    "policy_highest": Words("Highest", "最高"),
    "policy_tier_cure": Words(
        "Late accounts: low risk from a probability of {low} on, high risk below {high}.",
        "逾期账户：概率达到 {low} 为低风险，低于 {high} 为高风险。",
    ),
    "policy_tier_early_warning": Words(
        "Accounts that are not late: low risk from {low} on, high risk below {high}.",
        "未逾期账户：概率达到 {low} 为低风险，低于 {high} 为高风险。",
    ),
    "policy_doubtful_from": Words(
        "Doubtful: from {stage} on, below a probability of {below}, with at least {amount} past "
        "due.",
        "极高风险：自 {stage} 阶段起，概率低于 {below}，且逾期金额不少于 {amount}。",
    ),
    "policy_doubtful_any": Words(
        "Doubtful: from {stage} on, below a probability of {below}, whatever is past due.",
        "极高风险：自 {stage} 阶段起，概率低于 {below}，不论逾期金额。",
    ),
    "policy_worth": Words("What it weighs", "权衡依据"),
    "policy_worth_cure": Words(
        "A cure is worth {margin} of the {amount}.", "恢复正常的价值为{amount}的 {margin}。"
    ),
    "policy_worth_early_warning": Words(
        "Staying current is worth {margin} of the {amount}.",
        "保持正常的价值为{amount}的 {margin}。",
    ),
    "policy_of_past_due_amount": Words("past due amount", "逾期金额"),
    "policy_of_balance": Words("balance", "余额"),
    "policy_annoyance": Words(
        "Every contact costs {cost} for annoying a customer, whatever its channel.",
        "每次联系（不论渠道）另计 {cost} 的客户打扰成本。",
    ),
    "policy_holds_for": Words(
        "A decision holds for {days} days; a promise holds for {grace} days after its date.",
        "决策有效 {days} 天；还款承诺在约定日期后宽限 {grace} 天。",
    ),
}

_EFFECTS: dict[str, Words] = {
    "policy_effects_meaning": Words(
        "Odds of the target under each level, as a multiple of those without contact: 1 changes "
        "nothing, 2 turns 30% into 46%. What was estimated from assignments drawn at "
        "random, for the average account of the stage, stands beside what the policy file "
        "assumes for each tier.",
        "各级别下达到目标的几率与不联系时之比：1 表示无变化，2 表示概率由 30% 升至 46%。"
        "图中并列由随机分配估计的数值（该阶段的平均账户）与策略文件对各风险等级的假设。",
    ),
    "policy_effects_chart": Words(
        "Odds against no contact: estimated and assumed", "与不联系相比的几率：估计与假设"
    ),
    "policy_all_assumed": Words(
        "Every effect is assumed: the policy came without an estimate. What contact changes is "
        "not known from data.",
        "全部效果均为假设：该策略没有附带效果估计。联系会带来什么变化，数据并未给出答案。",
    ),
    "policy_some_estimated": Words(
        "Of {total} effects {n} are estimated; the others are assumed.",
        "{total} 个效果中有 {n} 个由数据估计，其余为假设。",
    ),
    "policy_estimated_on": Words("Estimated on assignments of", "估计所用分配日期"),
    "policy_odds_ratio": Words("Odds ratio against no contact", "与不联系相比的几率比"),
    "policy_estimated": Words("estimated", "估计"),
    "policy_assumed": Words("assumed", "假设"),
    "policy_assumed_of_tier": Words("assumed, tier {tier}", "假设（风险{tier}）"),
    "policy_ratio_estimated": Words("estimated [95%]", "估计 [95%]"),
    "policy_known_from": Words(
        "Where each effect is known from, and what it adds to the probability",
        "每个效果的来源，以及它使概率增加多少",
    ),
    "policy_is": Words("Known from", "来源"),
    "policy_points": Words("Adds to the probability, points", "使概率增加（百分点）"),
    "policy_assignments": Words("Assignments", "分配次数"),
    "policy_ess": Words("Effective assignments", "有效样本量"),
    "policy_overlap": Words("Both were possible", "两者均可能的比例"),
    "policy_why_assumed": Words("What is only assumed, and why", "哪些仅为假设及其原因"),
    "policy_source": Words("Where the policy has its assumptions from:", "策略假设的依据："),
}

_WORTH: dict[str, Words] = {
    "worth_none": Words(
        "No comparison is at hand. It is made when a policy is promoted.",
        "暂无比较结果。比较在策略启用时进行。",
    ),
    "worth_meaning": Words(
        "What each policy would have brought over no contact on {per} assignments, in {unit}, by "
        "doubly robust estimates with 95% intervals. A difference to what was done is surer than "
        "a value.",
        "各策略在每 {per} 次分配中相对于不联系所带来的净价值（{unit}），"
        "采用双重稳健估计及 95% 区间。"
        "与实际做法之差比数值本身更可靠。",
    ),
    "worth_rows": Words(
        "{used} assignments of {accounts} accounts, after statements of",
        "{accounts} 个账户的 {used} 次分配，账单日期",
    ),
    "worth_judged": Words(
        "Net value of {proposed}, less that of {current}: {told}.",
        "{proposed}与{current}的净价值之差：{told}。",
    ),
    "caution_in_sample": Words(
        "The score was trained on statements until {until}: as far as they are of these accounts, "
        "policies that go by it may look better here than they are.",
        "评分的训练账单截至 {until}：如与此处账户重合，依据该评分的策略在此可能显得优于实际。",
    ),
    "worth_value_chart": Words("Net value over no contact", "相对于不联系的净价值"),
    "worth_difference_chart": Words("Net value over what was done", "相对于实际做法的净价值"),
    "policy_net": Words("Net value", "净价值"),
    "policy_above_done": Words("Over what was done", "高于实际做法"),
    "policy_snips": Words("Net value, by weights alone", "净价值（仅加权）"),
    "policy_extra_cures": Words("Extra cures", "额外恢复正常数"),
    "policy_contacts_per_cure": Words("Contacts per cure", "每次恢复所需联系"),
    "policy_unsupported": Words("Could not have been assigned", "不可能被分配到"),
    "policy_units_of": Words("units of {rate} {currency}", "单位（每单位 {rate} {currency}）"),
    "policy_refitted": Words(" (estimated anew)", "（重新估计）"),
    "compared_done": Words("what was done", "实际做法"),
    "compared_call_everyone": Words("call everyone", "全部电话联系"),
    "compared_thresholds": Words("thresholds on the probability", "按概率阈值"),
    "compared_assumed": Words("ours, assumed effects", "本策略，假设效果"),
    "compared_estimated": Words("ours, estimated effects", "本策略，估计效果"),
    "compared_current": Words("the policy of then", "当时的策略"),
    "compared_proposed": Words("the policy proposed", "拟启用的策略"),
    "doubt_not_randomised": Words(
        "Levels were not drawn at random: values rest on the outcome model, and nothing here can "
        "check it.",
        "级别并非随机抽取：数值仅依赖结果模型，此处无法检验。",
    ),
    "doubt_wrong_propensities": Words(
        "The chances recorded are wrong: so is every value that is weighed by them.",
        "所记录的概率有误：以其加权的所有数值也有误。",
    ),
    "caution_horizon": Words(
        "A cure counts within {cycles} cycles, so that one can be counted for several assignments "
        "of an account: values are too high.",
        "恢复正常以 {cycles} 个周期为限，同一次恢复可能计入同一账户的多次分配：数值偏高。",
    ),
    "caution_none_estimated": Words(
        "No effect could be estimated: estimated and assumed effects are the same here.",
        "没有任何效果可以估计：此处估计效果与假设效果相同。",
    ),
    "caution_unsupported": Words(
        "{policy}: {share} of its levels could not have been assigned. For these the outcome model "
        "alone speaks.",
        "{policy}：其中 {share} 的级别不可能被分配到，这部分仅由结果模型给出。",
    ),
    "caution_few": Words(
        "{policy}: what was assigned agrees with it so seldom that it is worth {size} assignments; "
        "its intervals say little.",
        "{policy}：实际分配与其一致的情况过少，仅相当于 {size} 次分配；其区间意义有限。",
    ),
    "note_1": Words(
        "Flags and repayment plans are those of today's accounts table, which keeps no history.",
        "账户标记与还款计划取自当前账户表，没有历史记录。",
    ),
    "note_2": Words(
        "Nobody is drawn at random, no capacity is scarce: each policy gives what it recommends.",
        "不作随机抽取，也不考虑资源紧缺：各策略均采用其推荐级别。",
    ),
    "note_3": Words(
        "What counts is the level assigned, also where a person then chose another one.",
        "以分配的级别为准，即使此后由人工另行决定。",
    ),
    "worth_more": Words("Rows left out, and cautions as recorded", "剔除的样本与原始提示"),
    "worth_left_out": Words("Left out", "剔除"),
    "worth_recorded": Words(
        "As recorded with the comparison:", "随比较结果记录的提示（英文原文）："
    ),
    "left_out_repeated": Words("repeated", "重复"),
    "left_out_not_late": Words("not late", "未逾期"),
    "left_out_unknown_amount": Words("past due amount not known", "逾期金额未知"),
    "left_out_immature": Words("without an outcome yet", "尚无结果"),
    "left_out_missing": Words("with a month left out", "缺少月份"),
    "left_out_censored": Words("restructured or sold", "重组或出售"),
    "left_out_outside_window": Words("of other days", "不在日期范围内"),
}

POLICIES_LABELS: dict[str, Words] = {**_POLICY, **_EFFECTS, **_WORTH, **RULES_LABELS}
