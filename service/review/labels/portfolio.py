"""Labels of the page of the whole portfolio."""

from models.intensity.words.catalogue import Words

PORTFOLIO_LABELS: dict[str, Words] = {
    "portfolio": Words("Portfolio", "资产组合"),
    # Of when each part is
    "portfolio_heads": Words("What is shown, and of when", "数据来源与时点"),
    "portfolio_key_figures": Words("Key figures", "关键指标"),
    "portfolio_monitoring_cure": Words("Monitoring of cure scores", "恢复正常评分监测"),
    "portfolio_monitoring_early_warning": Words(
        "Monitoring of early-warning scores", "预警评分监测"
    ),
    "portfolio_of_kpi": Words(
        "Decisions as of {first} to {until}, and what is known of them until {known}.",
        "决策时点 {first} 至 {until}；其后续情况已知至 {known}。",
    ),
    "portfolio_of_monitor": Words(
        "{n} decisions as of {first} to {until}.", "决策时点 {first} 至 {until}，共 {n} 项决策。"
    ),
    "portfolio_published": Words("Published {at} by {actor}.", "{at} 由 {actor} 发布。"),
    "portfolio_old": Words(
        "It tells nothing of the last {days} days. Is the nightly command still run?",
        "最近 {days} 天的情况未包含在内。请确认夜间命令是否仍在运行。",
    ),
    "portfolio_no_kpi": Words(
        "No key figures have been published yet. Export what was decided, then publish:",
        "尚未发布关键指标。请先导出决策数据，再发布：",
    ),
    "portfolio_no_monitor": Words(
        "No report of monitoring has been published yet. Publish one after each nightly run:",
        "尚未发布监测报告。请在每次夜间运行后发布：",
    ),
    # Where accounts stand
    "portfolio_standing": Words("Accounts by stage, tier and level", "账户分布：阶段、等级与级别"),
    "portfolio_standing_told": Words(
        "The newest decision in force of each of {accounts} accounts, as of {at}. {expired} more "
        "accounts are in no cell: their newest decision had ended by then. The darker a cell, the "
        "larger its share of all.",
        "取 {accounts} 个账户各自最新的生效决策，时点为 {at}。另有 {expired} 个账户未列入："
        "其最新决策届时已失效。颜色越深，占比越大。",
    ),
    "portfolio_show": Words("Show", "显示"),
    "portfolio_accounts": Words("Accounts", "账户数"),
    "portfolio_past_due_in": Words("Past due, {currency}", "逾期金额（{currency}）"),
    "portfolio_total": Words("Total", "合计"),
    "portfolio_no_accounts": Words(
        "No account has a decision in force.", "没有账户存在生效中的决策。"
    ),
    # Capacity
    "portfolio_capacity": Words("Capacity used, and its price", "产能使用与影子价格"),
    "portfolio_capacity_told": Words(
        "The plan of run {plan} as of {at} weighed {accounts} accounts. A price is what one more "
        "unit would bring, in the policy's unit.",
        "计划来自运行 {plan}，时点 {at}，共权衡 {accounts} 个账户。"
        "影子价格为增加一个单位可带来的收益，以策略的金额单位计。",
    ),
    "portfolio_rates": Words(
        "What 1 of the policy's unit is in each currency", "策略的 1 个金额单位相当于各币种多少"
    ),
    "portfolio_no_plan": Words(
        "No capacity plan is in force, so that resources have no prices. Make one by a nightly "
        "run with a capacity:",
        "当前没有产能计划，资源没有影子价格。请在夜间运行时给出产能：",
    ),
    "portfolio_plan_stale": Words(
        "The plan is {age} days old; its decisions hold for {valid} days. Make a new one.",
        "该计划已有 {age} 天；其决策有效期为 {valid} 天。请制定新计划。",
    ),
    "portfolio_plan_unfit": Words(
        "The plan was made with other models, rules or another policy than are served: its prices "
        "hold, its levels do not.",
        "制定该计划时所用的模型、规则或策略与当前不同：价格仍有效，级别不再适用。",
    ),
    "portfolio_plan_short": Words(
        "The capacity was too little for the lowest levels of the stages: some accounts went below "
        "them.",
        "产能不足以满足各阶段的最低级别：部分账户低于该级别。",
    ),
    "portfolio_resource": Words("Resource, a day", "资源（每日）"),
    "portfolio_used": Words("Used", "已用"),
    "portfolio_available": Words("Available", "可用"),
    "portfolio_used_share": Words("Share used", "使用率"),
    "portfolio_no_limit": Words("no limit", "不限"),
    # Key figures
    "portfolio_results": Words("What collection achieved", "催收成效"),
    "portfolio_results_told": Words(
        "{effective} decisions in force make {cycles} account-cycles, {late} of them late. "
        "Figures are of the late ones, with intervals of 95%.",
        "{effective} 项生效决策构成 {cycles} 个账户周期，其中 {late} 个为逾期周期。"
        "指标按逾期周期计算，并附 95% 区间。",
    ),
    "portfolio_outcomes_known": Words(
        "Whether they were cured is known of {known} of the {late} late account-cycles ({share}). "
        "Shares are of these alone: accounts that cured and were not sent again may be among the "
        "others.",
        "{late} 个逾期周期中，已知是否恢复正常的有 {known} 个（{share}）。恢复正常比例仅按这些周期"
        "计算：已恢复正常而未再送入系统的账户可能在其余周期中。",
    ),
    "portfolio_honest": Words(
        "Figures by level are not effects: levels were chosen by need, so that the hard cases get "
        "the most contact. What contact changes is estimated from assignments, and shown with the "
        "policy.",
        "按级别统计的数字不是效果：级别按需要选定，难以处理的账户得到最多联系。"
        "联系所带来的变化由分配记录估计，见策略页面。",
    ),
    "portfolio_between": Words(
        "95% interval {low} to {high}, n = {n}", "95% 区间 {low} 至 {high}，样本数 {n}"
    ),
    "portfolio_cycles": Words("Cycles", "周期数"),
    "portfolio_cured": Words("Cured", "恢复正常比例"),
    "portfolio_n": Words("n", "样本数"),
    "portfolio_recovered": Words("Recovered", "收回金额"),
    "portfolio_recovered_in": Words("Recovered, {currency}", "收回金额（{currency}）"),
    "portfolio_unit_cost": Words("Cost of one unit", "每单位收回成本"),
    "portfolio_open_cycles": Words("Cycles that may still pay", "仍可能还款的周期"),
    "portfolio_outgoing": Words("Outgoing contacts", "外呼及外发次数"),
    "portfolio_per_cure": Words("Contacts per cure", "每次恢复正常所需联系次数"),
    "portfolio_reach": Words("Reached", "触达率"),
    "portfolio_kept": Words("Promises kept", "承诺履行率"),
    "portfolio_too_few": Words("too few", "样本过少"),
    "portfolio_not_known": Words("not known", "未知"),
    "portfolio_month": Words("Month", "月份"),
    "portfolio_interval_of": Words("95% interval of: {name}", "95% 区间：{name}"),
    "portfolio_cured_by_month": Words(
        "Share cured, by month of decision", "恢复正常比例（按决策月份）"
    ),
    "portfolio_recovered_by_month": Words(
        "Recovered in {currency}, by month of decision", "收回金额 {currency}（按决策月份）"
    ),
    "portfolio_per_cure_by_month": Words(
        "Contacts for each cure, by month of decision", "每次恢复正常所需联系次数（按决策月份）"
    ),
    "portfolio_answers_by_month": Words(
        "Reached, and promises kept, by month of decision", "触达率与承诺履行率（按决策月份）"
    ),
    "portfolio_months_left_out": Words(
        "{n} months before these are in the report and not shown.", "此前 {n} 个月未显示。"
    ),
    "portfolio_by_stage": Words("By stage", "按逾期阶段"),
    "portfolio_by_level": Words("By level", "按联系强度"),
    # Monitoring
    "portfolio_drift": Words("Drift, and what came of scores", "偏移与评分结果"),
    "portfolio_drift_told": Words(
        "The population stability index (PSI) compares scores and features with those that the "
        "model was trained on: below 0.10 stable, up to 0.25 to be looked at, above it shifted.",
        "群体稳定性指标（PSI）将评分与特征同训练时相比：低于 0.10 为稳定，0.10 至 0.25 需关注，"
        "高于 0.25 为已偏移。",
    ),
    "portfolio_drift_over_time": Words("Stability index (PSI) over time", "稳定性指标（PSI）变化"),
    "portfolio_psi": Words("PSI", "PSI"),
    "portfolio_day": Words("Day", "日期"),
    "portfolio_bundle": Words("Bundle", "模型包"),
    "portfolio_decisions": Words("Decisions", "决策数"),
    "portfolio_score": Words("Score", "评分"),
    "portfolio_worst": Words("Worst feature", "偏移最大的特征"),
    "portfolio_feature": Words("Its name", "特征名称"),
    "portfolio_reasons": Words("Reasons", "原因"),
    "portfolio_broken": Words("Bounds broken", "超出界限数"),
    "portfolio_bound": Words("Bound", "界限"),
    "portfolio_bound_of": Words("Bound of: {name}", "界限：{name}"),
    "portfolio_some_broken": Words(
        "Bounds broken in the newest report: {n}. A reason to look, not yet one to train anew.",
        "最新报告中有 {n} 项超出界限：需要关注，但未必需要重新训练。",
    ),
    "portfolio_none_broken": Words(
        "In the newest report no bound is broken.", "最新报告中没有超出界限。"
    ),
    "portfolio_worst_features": Words(
        "Features that drifted most, of those in use", "在用特征中偏移最大者"
    ),
    "portfolio_no_features": Words(
        "Not computed: decisions hold only some of their reasons. Score with --reasons all.",
        "未计算：决策只保存了部分原因。请使用 --reasons all 评分。",
    ),
    "portfolio_realised_by_stage": Words(
        "Predicted and realised share, by stage", "预测与实际比例（按逾期阶段）"
    ),
    "portfolio_realised_over_time": Words(
        "Predicted and realised share, over time", "预测与实际比例变化"
    ),
    "portfolio_predicted": Words("Predicted", "预测"),
    "portfolio_realised": Words("Realised", "实际"),
    "portfolio_difference": Words("Difference, points", "差异（百分点）"),
    "portfolio_all": Words("All", "全部"),
    "portfolio_outcomes_of": Words(
        "The newest report that knows what came of scores is of {day}.",
        "最新的含结果的报告日期为 {day}。",
    ),
    "portfolio_no_outcomes": Words(
        "What came of scores is not known yet. Publish a report with later statements:",
        "评分的实际结果尚不可知。请用之后的账单发布报告：",
    ),
    # Rules and people
    "portfolio_governing": Words("Rules and people", "规则与人工决定"),
    "portfolio_overrides": Words("Overrides by reason", "人工调整原因"),
    "portfolio_overrides_told": Words(
        "{n} of the decisions in force ({share}) are a person's; {approved} were approved.",
        "{n} 项生效决策（{share}）由人工作出；{approved} 项经人工批准。",
    ),
    "portfolio_no_overrides": Words(
        "No person has made any of these decisions.", "这些决策均非人工作出。"
    ),
    "portfolio_reason": Words("Reason", "原因"),
    "portfolio_share": Words("Share", "占比"),
    "portfolio_rules": Words("Rules that bound most", "最常起作用的规则"),
    "portfolio_no_rules": Words("No rule bound any decision.", "没有规则约束任何决策。"),
    # Visits
    "portfolio_visits_told": Words("Visits", "走访"),
    "portfolio_to_plan": Words("Visits to plan", "待计划走访"),
    "portfolio_of_newest": Words(
        "of the newest {n} decisions in force that escalate",
        "仅统计最新的 {n} 项生效升级决策",
    ),
    "portfolio_visits_within": Words(
        "Visits with each step within the time of the key figures", "关键指标期间各步骤的走访数"
    ),
    "portfolio_called_off": Words("called off", "已取消"),
    "portfolio_all_visits": Words("All visits", "全部走访"),
}
