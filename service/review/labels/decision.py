"""Labels of the page of one decision."""

from models.intensity.words.catalogue import Words

DECISION_LABELS: dict[str, Words] = {
    "data_age": Words("Age of the newest statement", "最新账单距今"),
    "supersedes": Words("Takes the place of", "取代的决策"),
    "superseded_by": Words("Another decision has taken its place:", "本决策已被另一决策取代："),
    "proposed_by": Words("Proposed by", "提议人"),
    "approved_by": Words("Approved by", "批准人"),
    "override_reason": Words("Why a person decided", "人工决定的理由"),
    "probability_cure": Words("Probability of cure", "恢复正常的概率"),
    "probability_sustained_cure": Words("Probability of a cure that lasts", "持续恢复正常的概率"),
    "probability_early_warning": Words("Probability of staying current", "保持正常的概率"),
    "horizon": Words("Statements ahead that count", "观察的后续账单数"),
    "ability": Words("Ability to pay", "还款能力"),
    "willingness": Words("Willingness to pay", "还款意愿"),
    "standing_valid": Words("Ability and willingness: validated.", "还款能力与还款意愿：已验证。"),
    "standing_not_valid": Words(
        "Ability and willingness: not validated, shown for information; treatments do not use "
        "them.",
        "还款能力与还款意愿：未经验证，仅供参考；处置方式不使用这两项。",
    ),
    "needs_approval": Words(
        "A person must approve this level before it is used.", "该级别须经人工批准后方可执行。"
    ),
    "rules": Words("Rules that bound", "起约束作用的规则"),
    "no_rules": Words(
        "No rule changed the level, its channels or the time of contact.",
        "没有规则改变级别、渠道或联系时间。",
    ),
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
        "recommended; protections and holds may lower it then. The probability here is under each "
        "level; that at the head of the page is under the contact that is ordinary.",
        "所有金额均按一个周期计算。价值为该级别相对于不联系所增加的收益；影子价格为所占用资源用于其他账户"
        "可带来的收益；净值为价值减去成本与影子价格。在策略与联系规则允许的级别中推荐净值最大者，"
        "随后可能因保护措施或暂缓事由而降低。此处的概率为各级别下的概率；页首的概率为通常联系方式下的概率。",
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
    "counted": Words("What is counted", "计数内容"),
    "used": Words("Used", "已用"),
    "allowed": Words("Allowed", "允许"),
    "print_view": Words("Print view", "打印版"),
    "on_this_page": Words("On this page", "本页内容"),
    "decision_expired": Words(
        "The decision is no longer valid: ask for a new one.", "本决策已过有效期：请重新申请决策。"
    ),
    "decision_was_drawn": Words(
        "The level was drawn at random for an experiment: see below.",
        "级别为试验随机抽取：详见下文。",
    ),
    "score_percentile": Words("Percentile of the score", "评分百分位"),
    "percentile_below": Words("at most {percent}", "不高于 {percent}"),
    "percentile_above": Words("at least {percent}", "不低于 {percent}"),
    "percentile": Words(
        "Percentiles, 0 to 100, are among the accounts that the model was trained on: the higher, "
        "the likelier the outcome predicted.",
        "百分位（0 至 100）均为在模型训练账户中的位置：数值越高，预测结果越可能实现。",
    ),
    "no_percentile": Words(
        "The model that scored is not kept here any more, so the percentile of the score is not "
        "known.",
        "评分所用模型已不在此保存，无法得知评分的百分位。",
    ),
    "reasons": Words("Why this score", "评分原因"),
    "waterfall_meaning": Words(
        "Each number is a share of the log-odds, not of the probability. From the base on, every "
        "reason moves the total on; beside each stands the probability that has been reached. The "
        "numbers are rounded so that they add up as they stand.",
        "每个数字都是对数几率的一部分，而不是概率的一部分。自基准值起，每项原因依次改变合计，"
        "旁边列出此时达到的概率。数字经过舍入，按所示数字相加即得合计。",
    ),
    "waterfall_base": Words("Base: the average account", "基准：平均账户"),
    "waterfall_total": Words("This account", "本账户"),
    "waterfall_subtotal": Words("{group}, together", "{group}合计"),
    "waterfall_others": Words("{count} others", "其余 {count} 项"),
    "waterfall_list": Words("Show the {count} others", "展开其余 {count} 项"),
    "waterfall_not_recorded": Words(
        "Reasons that the record does not name", "记录中未逐一列出的原因"
    ),
    "waterfall_reason": Words("Reason", "原因"),
    "waterfall_value": Words("Value", "取值"),
    "waterfall_adds": Words("Adds", "增减"),
    "waterfall_running": Words("Total", "累计"),
    "waterfall_reached": Words("Probability", "概率"),
    "of_log_odds": Words("log-odds", "对数几率"),
    "waterfall_bar": Words(
        "From total to total; the axis names probabilities", "累计变化；刻度为概率"
    ),
    "waterfall_legend": Words(
        "Green raises the probability, orange lowers it, as the sign of the number says. The "
        "dashed line is the average account.",
        "绿色为提高概率，橙色为降低概率，与数字的正负号一致。虚线为平均账户。",
    ),
    "history": Words("The history it was decided on", "决策所依据的历史"),
    "chart_days": Words("Days past due and balance", "逾期天数与余额"),
    "chart_payments": Words("What was due and paid, and contacts", "应还、已还与联系"),
    "no_history": Words(
        "What it was decided on is no longer kept.", "决策所依据的输入数据已不再保存。"
    ),
    "history_left_out": Words(
        "Earlier statements, which are not shown: {count}.", "未显示的更早账单：{count} 期。"
    ),
    "history_more_events": Words(
        "Earlier payments and contacts, which are not shown: {count}.",
        "未显示的更早还款与联系：{count} 项。",
    ),
    "history_no_events": Words(
        "No payment and no contact is known of these months.", "这些月份内没有已知的还款或联系。"
    ),
    "history_payments_unknown": Words("No payments were sent: none are known.", "未提供还款数据。"),
    "history_contacts_unknown": Words("No contacts were sent: none are known.", "未提供联系数据。"),
    "history_lanes": Words("When it happened", "发生时间"),
    "history_lanes_meaning": Words(
        "A strong stroke is a payment that stayed, or a contact in which the debtor was spoken to; "
        "a thin one a payment that was taken back, or an attempt.",
        "粗线为到账且未退回的还款，或与债务人本人有过沟通的联系；细线为被退回的还款，或联系尝试。",
    ),
    "stage_ends": Words("{days} days: a stage ends", "{days} 天：阶段分界"),
    "history_cycle": Words("Cycle until", "账期截至"),
    "history_status": Words("State", "账户状态"),
    "history_as_it_stood": Words("as it stood at the decision", "决策时的状况"),
    "history_no_statement": Words("no statement", "无账单"),
    "account_open": Words("open", "未关闭"),
    "account_restructured": Words("restructured", "已重组"),
    "account_paid_off": Words("paid off", "已结清"),
    "account_charged_off": Words("charged off", "已核销"),
    "account_sold": Words("sold", "已转让"),
    "history_due": Words("Due", "应还"),
    "history_paid": Words("Paid, by the statement", "已还（账单）"),
    "history_received": Words("Payments received", "收到的还款"),
    "history_contacts": Words("Contacts", "联系"),
    "history_out": Words("Contacts made", "主动联系"),
    "history_in": Words("Contacts by the debtor", "债务人来联系"),
    "history_events": Words("Payments and contacts", "还款与联系"),
    "history_when": Words("When", "时间"),
    "history_what": Words("What", "事项"),
    "history_payment": Words("payment", "还款"),
    "history_payments": Words("Payments", "还款"),
    "history_taken_back": Words("taken back", "已退回"),
    "history_elsewhere": Words("on another account of the debtor", "该债务人的另一账户"),
    "contact_out": Words("to the debtor", "致债务人"),
    "contact_in": Words("from the debtor", "来自债务人"),
    "outcome_sent": Words("sent", "已发送"),
    "outcome_no_answer": Words("no answer", "无人应答"),
    "outcome_wrong_party": Words("wrong party", "非本人"),
    "account_decisions": Words("Other decisions of the account", "该账户的其他决策"),
    "no_other_decisions": Words(
        "Nothing else has been decided on this account.", "该账户没有其他决策。"
    ),
    "all_of_account": Words("All decisions of this account", "该账户的全部决策"),
    "probability_of": Words("Probability of", "概率所指"),
    "probability_of_cure": Words("a cure", "恢复正常"),
    "probability_of_sustained_cure": Words("a cure that lasts", "持续恢复正常"),
    "probability_of_early_warning": Words("staying current", "保持正常"),
    "probabilities": Words("Probabilities, decision by decision", "历次决策的概率"),
    "this_decision": Words("this decision", "本决策"),
    "chain": Words("What took whose place", "取代关系"),
    "chain_meaning": Words(
        "The decisions that took each other's place, oldest first.", "依次取代的决策，最早者在前。"
    ),
    "record_schema": Words("Schema of the record", "记录格式版本"),
    "version_code": Words("Code", "代码"),
    "version_model": Words("Model", "模型"),
    "version_bundle_sha256": Words("SHA-256 of the model's bundle", "模型包的 SHA-256"),
    "version_policy": Words("Policy", "策略"),
    "version_estimate": Words("SHA-256 of the estimated effects", "效果估计的 SHA-256"),
    "version_rules": Words("Contact rules", "联系规则"),
    "version_prices": Words("Run of the capacity plan", "产能计划的运行批次"),
    "version_tzdata": Words("Time zones", "时区数据"),
    "replay_by": Words("Make it again and compare, bit for bit:", "重新生成决策并逐位比对："),
    "back_to_decision": Words("Back to the decision", "返回决策页"),
    "printed": Words("Printed at {at} by {who}", "打印时间：{at}，打印人：{who}"),
    "versions": Words("What decided", "决策依据的版本"),
    "inputs": Words("SHA-256 of the inputs", "输入数据的 SHA-256"),
    "as_stored": Words(
        "The page shows the record as it was stored; nothing is computed anew.",
        "本页显示存储的记录，不重新计算。",
    ),
}
