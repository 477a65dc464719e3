"""Labels of the page on which changes are supposed."""

from models.intensity.words.catalogue import Words

WHAT_IF_LABELS: dict[str, Words] = {
    "what_if": Words("What if", "假设分析"),
    "what_if_back": Words("Back to the decision", "返回决策"),
    "what_if_lead": Words(
        "Suppose other figures and see what would have been decided at the same instant. Nothing "
        "is stored.",
        "假设其他数值，查看在同一时点将作出怎样的决策。不会存储任何内容。",
    ),
    "what_if_reads": Words(
        "The model reads statements, payments and contacts. Contact rules, and what contact is "
        "worth, follow from the account's own figures.",
        "模型读取账单、还款与联系记录；联系规则以及联系的价值取决于账户自身的数值。",
    ),
    "what_if_account": Words("The account at the decision", "决策时的账户"),
    "what_if_statement": Words("The newest statement, {day}", "最新账单（{day}）"),
    "what_if_flags": Words("Flags", "账户标记"),
    "what_if_payments": Words("Payments", "还款"),
    "what_if_payment_of": Words("Received {at}", "{at} 收到"),
    "what_if_taken_back": Words("taken back", "已退回"),
    "what_if_payments_unknown": Words(
        "No payments were sent with this account. Adding one supposes that they are known, and "
        "that there was no other.",
        "该账户未提供还款记录。添加一笔即假设还款情况已知，且没有其他还款。",
    ),
    "what_if_payments_meaning": Words(
        "An emptied amount leaves its payment out. A payment does not alter the balance, what is "
        "past due or what a statement says was paid: suppose those as well where they go with it.",
        "清空金额即排除该笔还款。还款不会改变余额、逾期金额或账单所载的已还金额：如需一并变化，请同时假设。",
    ),
    "what_if_new_payment": Words("One more payment", "新增一笔还款"),
    "what_if_amount": Words("Amount", "金额"),
    "what_if_at": Words("Received at (time at the debtor's place)", "收到时间（债务人所在地时间）"),
    "what_if_credit_limit": Words("Credit limit", "信用额度"),
    "what_if_amount_due": Words("Amount asked for", "应还金额"),
    "what_if_amount_paid": Words("Paid in its cycle", "当期已还金额"),
    "what_if_alike_days_past_due": Words(
        "Alter the days past due of the newest statement by as much: at the decision both said "
        "the same.",
        "同步改变最新账单的逾期天数：决策时两者一致。",
    ),
    "what_if_alike_balance": Words(
        "Alter the balance of the newest statement alike: at the decision both said the same.",
        "同步改变最新账单的余额：决策时两者一致。",
    ),
    "what_if_alike_both": Words(
        "Alter days past due and balance of the newest statement alike: at the decision they said "
        "the same as the account.",
        "同步改变最新账单的逾期天数与余额：决策时与账户一致。",
    ),
    "what_if_apart": Words(
        "The newest statement says otherwise than the account: alter it by itself.",
        "最新账单与账户的数值不一致：请单独修改账单。",
    ),
    "what_if_submit": Words("See what changes", "查看变化"),
    "what_if_reset": Words("Put back what was recorded", "恢复记录的数值"),
    "what_if_nothing": Words(
        "Nothing is different from what was recorded: change a figure first.",
        "与记录的数值没有差别：请先修改数值。",
    ),
    "what_if_wrong": Words(
        "Some figures cannot be supposed: they are marked below.",
        "部分数值无法假设：已在下方标出。",
    ),
    "what_if_wrong_days": Words(
        "Type a whole number from 0 to {most}, such as 45.", "请输入 0 至 {most} 的整数，例如 45。"
    ),
    "what_if_wrong_signed": Words(
        "Type a number with at most 4 decimals and no separators, such as 1234.56.",
        "请输入至多 4 位小数、不含分隔符的数字，例如 1234.56。",
    ),
    "what_if_wrong_amount": Words(
        "Type a number of 0 or more with at most 4 decimals and no separators, such as 1234.56.",
        "请输入不小于 0、至多 4 位小数、不含分隔符的数字，例如 1234.56。",
    ),
    "what_if_wrong_past_due": Words(
        "Type a number from 0 up to the balance with at most 4 decimals and no separators, such as "
        "1234.56.",
        "请输入 0 至余额之间、至多 4 位小数、不含分隔符的数字，例如 1234.56。",
    ),
    "what_if_wrong_at": Words(
        "Give a day and time up to that of the decision, {at}.",
        "请填写不晚于决策时点（{at}）的日期与时间。",
    ),
    "what_if_result": Words("What would have been decided", "将作出的决策"),
    "what_if_changed_list": Words("What is supposed", "所作假设"),
    "what_if_alike_too": Words("altered alike", "同步改变"),
    "what_if_left_out": Words("left out", "已排除"),
    "what_if_original": Words("Original", "原决策"),
    "what_if_supposed": Words("Supposed", "假设后"),
    "what_if_moved": Words("Moved", "变化"),
    "what_if_what": Words("What", "项目"),
    "what_if_is_record": Words(
        "The original is the record: what decided then was asked again, of the inputs as they were "
        "recorded, and gives the same probability and level.",
        "原决策即为记录：以当时的决策依据对记录的输入数据重新计算，概率与级别相同。",
    ),
    "what_if_by_rules": Words(
        "A person gave level {level} here. What is compared is what model, policy and rules decide "
        "by themselves: a person's level does not follow from figures.",
        "本决策的级别 {level} 由人工给出。此处比较的是模型、策略与规则自身的决策："
        "人工给出的级别并非由数值得出。",
    ),
    "what_if_now": Words(
        "What decided then cannot be asked again here: {then}. Both sides are decided by what is "
        "served now: {now}. The record says {probability} and level {level}.",
        "无法在此重新使用当时的决策依据：{then}。两侧均由当前所用的版本计算：{now}。记录中的概率为 "
        "{probability}，级别为 {level}。",
    ),
    "what_if_versions": Words(
        "model {model}, policy {policy}, version {code}", "模型 {model}，策略 {policy}，版本 {code}"
    ),
    "what_if_differs": Words(
        "What decided then gives another answer now than it recorded: {probability} and level "
        "{level}. The comparison below is of what is computed now; tell those who run the service.",
        "当时的决策依据现在给出的结果与记录不同：记录为 {probability}，级别 {level}。"
        "以下比较以当前计算为准；请告知服务运维人员。",
    ),
    "what_if_treatment": Words("Treatment", "处置方式"),
    "what_if_earliest": Words(
        "Earliest contact (time at the debtor's place)", "最早可联系时间（债务人所在地）"
    ),
    "what_if_net": Words("Net value of the level, one cycle", "该级别一个周期的净值"),
    "what_if_same": Words("as before", "不变"),
    "what_if_changed": Words("changed", "已变化"),
    "what_if_later": Words("later", "推迟"),
    "what_if_earlier": Words("earlier", "提前"),
    "what_if_points": Words("{points} percentage points", "{points} 个百分点"),
    "what_if_other_target": Words(
        "the probability of something else: another model scores this stage",
        "概率所指不同：该逾期阶段由另一模型评分",
    ),
    "what_if_level_same": Words("the same level", "级别不变"),
    "what_if_level_up": Words("more contact", "联系加强"),
    "what_if_level_down": Words("less contact", "联系减弱"),
    "what_if_to": Words("to", "变为"),
    "what_if_proposed": Words("A person would have to approve that level.", "该级别须经人工批准。"),
    "what_if_left_plan": Words(
        "The recorded level was that of the capacity plan. The supposed account is not in the "
        "plan: it is weighed at the plan's prices.",
        "记录的级别取自产能计划。假设后的账户不在计划中，按计划的价格权衡。",
    ),
    "what_if_drawn": Words(
        "The level was drawn for an experiment, by the same draw as the original.",
        "该级别为试验随机抽取，与原决策使用同一抽取结果。",
    ),
    "what_if_channel_added": Words("{channel} added", "新增{channel}"),
    "what_if_channel_removed": Words("{channel} gone", "取消{channel}"),
    "what_if_rules": Words("Rules that bind", "起约束作用的规则"),
    "what_if_rules_added": Words("Would bind as well", "新增约束"),
    "what_if_rules_removed": Words("Would bind no more", "不再约束"),
    "what_if_rules_kept": Words("Bind both", "两者均约束"),
    "what_if_no_rules": Words("No rule binds either.", "两者均不受规则约束。"),
    "what_if_limit": Words("Limit", "限制"),
    "what_if_reasons": Words("The reasons that moved most", "变化最大的原因"),
    "what_if_reasons_meaning": Words(
        "Shares of the log-odds, not of the probability. Every column adds up, and every row: "
        "original and difference give the supposed. A reason may move though its value stays: the "
        "model weighs them together.",
        "数字为对数几率的组成部分，并非概率。每一列相加、每一行相加均相符：原值加差值等于假设后的值。"
        "数值不变的原因也可能变化：模型综合权衡各项原因。",
    ),
    "what_if_no_reasons": Words(
        "No reason moved: the model reads none of what was changed. The level may move all the "
        "same, by rules and by what contact is worth.",
        "没有原因发生变化：模型不读取所修改的内容。级别仍可能因规则或联系的价值而变化。",
    ),
    "what_if_other_model": Words(
        "Another model scores the supposed account: its reasons cannot be held against those of "
        "the original.",
        "假设后的账户由另一模型评分：其原因无法与原决策的原因比较。",
    ),
    "what_if_was": Words("{fact} (was: {was}). ", "{fact}（原为：{was}）。"),
    "what_if_as_before": Words("{fact}, as before. ", "{fact}（不变）。"),
    "what_if_raises": Words("It moves the probability up.", "使概率上升。"),
    "what_if_lowers": Words("It moves the probability down.", "使概率下降。"),
    "what_if_difference": Words("Difference", "差值"),
    "what_if_base": Words("Base: the average account", "基准：平均账户"),
    "what_if_others": Words("{count} others together", "其余 {count} 项合计"),
    "what_if_total": Words("Log-odds of the probability", "概率的对数几率"),
    "what_if_reason": Words("Reason", "原因"),
    "what_if_bar": Words("Down · up", "下降 · 上升"),
    "what_if_set_by": Words("What set the level", "级别的确定依据"),
}
