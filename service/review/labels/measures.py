"""Labels of how a model did: measures, comparisons, and what they say."""

from models.intensity.words.catalogue import Words
from service.review.labels.groups import GROUPS_LABELS

_SECTIONS: dict[str, Words] = {
    "section_card": Words("What it is", "模型概况"),
    "section_findings": Words("What to look at", "审阅要点"),
    "section_measures": Words("How well it does", "模型表现"),
    "section_baselines": Words("Beside other scores", "与其他评分比较"),
    "section_rivals": Words("Champion and challenger", "冠军与挑战者"),
    "section_calibration": Words("Calibration", "校准"),
    "section_gains": Words("Lift and gain", "提升与增益"),
    "section_reasons": Words("What moves the score", "影响评分的因素"),
    "section_fairness": Words("Fairness", "公平性"),
    "section_stability": Words("Stability", "稳定性"),
    "section_guards": Words("Guards", "防护检查"),
    "section_standing": Words("Ability and willingness", "还款能力与还款意愿"),
    "section_history": Words("Who put what in force", "启用记录"),
}

_MEASURES: dict[str, Words] = {
    "measure": Words("Measure", "指标"),
    "interval": Words("95% interval", "95% 区间"),
    "measures_meaning": Words(
        "Of statements that came after training. In brackets: 95% intervals, by drawing accounts "
        "anew. AUC and KS tell the order (0.5 and 0 are guessing, 1 is perfect); of Brier score "
        "and log loss the lower is the better, on the same rows only. The expected calibration "
        "error stands beside what chance makes of a perfect score: its mean, and what it seldom "
        "exceeds. Slope 1 and intercept 0 are right.",
        "基于训练之后的账单。方括号内为 95% 区间（按账户重新抽样）。AUC 与 KS 反映排序"
        "（0.5 与 0 为随机，1 为完美）；Brier 得分与对数损失越低越好，仅可在相同样本上比较。"
        "期望校准误差旁列出完美评分因偶然产生的误差：平均值及很少超过的上限。"
        "斜率 1、截距 0 为正确。",
    ),
    "measure_n": Words("Rows", "样本数"),
    "measure_target_rate": Words("Observed share", "实际比例"),
    "measure_mean_predicted": Words("Mean prediction", "平均预测"),
    "measure_auc": Words("AUC", "AUC"),
    "measure_ks": Words("KS", "KS"),
    "measure_brier": Words("Brier score", "Brier 得分"),
    "measure_log_loss": Words("Log loss", "对数损失"),
    "measure_ece": Words("Calibration error (ECE)", "校准误差（ECE）"),
    "measure_ece_band": Words("ECE by chance: mean / limit", "偶然 ECE：均值 / 上限"),
    "measure_calibration_slope": Words("Calibration slope", "校准斜率"),
    "measure_calibration_intercept": Words("Calibration intercept", "校准截距"),
    "measure_deviation_sd": Words(
        "Observed less predicted, in standard deviations", "实际减预测（标准差）"
    ),
    "model_all_rows": Words("All rows", "全部样本"),
    "measures_by_seen": Words(
        "Accounts that also trained, and accounts that did not: new accounts are like these.",
        "曾参与训练的账户与未参与训练的账户：新账户与后者类似。",
    ),
    "model_seen": Words("accounts that trained", "参与训练的账户"),
    "model_unseen": Words("accounts that did not", "未参与训练的账户"),
    "baseline": Words("Score", "评分"),
    "baseline_days_past_due": Words("days past due alone", "仅用逾期天数"),
    "baseline_roll_rate": Words("the roll-rate table", "滚动率表"),
    "baseline_scorecard": Words("the scorecard", "评分卡"),
    "baseline_logistic": Words("logistic regression", "逻辑回归"),
    "baseline_untuned": Words("the untuned booster", "未调参的提升树"),
    "baseline_champion": Words("the champion of then", "当时的冠军模型"),
    "baselines_meaning": Words(
        "AUC of this model less that of another score on the same rows, with 95% intervals on the "
        "same draws. To the right of 0 this model is better. The champion of then may have "
        "trained on some of these rows, which flatters it.",
        "本模型与其他评分在相同样本上的 AUC 之差，区间取自相同的抽样。大于 0 表示本模型更好。"
        "当时的冠军模型可能用过其中部分样本训练，结果会偏高。",
    ),
    "baselines_none": Words(
        "There is nothing to compare: the test rows hold one outcome only.",
        "无法比较：测试样本只有一种结果。",
    ),
    "model_this": Words("this model", "本模型"),
    "model_difference": Words("Difference in AUC", "AUC 之差"),
    "model_ours_less_theirs": Words("AUC of this model less theirs", "本模型 AUC 减对方 AUC"),
    "model_reading": Words("Reading", "判读"),
    "reading_better": Words("better", "更好"),
    "reading_same": Words("cannot be told apart", "无法区分"),
    "reading_worse": Words("worse", "更差"),
    "rivals_months": Words(
        "Each column is of that model's own test months. Figures of different months do not "
        "compare; only the paired difference, on the same rows, does.",
        "每列为该模型自身的测试月份。不同月份的数字不可直接比较；只有在相同样本上的配对差值可以比较。",
    ),
    "rivals_paired": Words(
        "AUC of the challenger less that of the model that is served, on the same rows",
        "挑战者与当前模型在相同样本上的 AUC 之差",
    ),
    "rivals_not_paired": Words(
        "The two were not compared on the same rows: the challenger was trained beside another "
        "version, or its document is not at hand.",
        "两者未在相同样本上比较：挑战者训练时对照的是另一版本，或其文件暂缺。",
    ),
    "rivals_not_compared": Words("The two were not compared:", "两者未作比较："),
    "rivals_served": Words("Served", "当前启用"),
    "rivals_challenger": Words("Challenger", "挑战者"),
    "rivals_registered": Words("Registered", "注册时间"),
    "rivals_withheld": Words(
        "Version {version} was kept from becoming champion by itself:",
        "版本 {version} 未能自动成为冠军：",
    ),
    "rivals_changed": Words("What changed", "变化内容"),
    "rivals_unchanged": Words("Settings, dates and rows are the same.", "设置、日期与样本均相同。"),
    "rivals_added": Words("Features added", "新增特征"),
    "rivals_left_out": Words("Features left out", "去除特征"),
    "changed_from": Words("First statement", "首期账单"),
    "changed_until": Words("Last statement", "末期账单"),
    "changed_n": Words("Training rows", "训练样本数"),
    "changed_accounts": Words("Accounts", "账户数"),
    "changed_target_rate": Words("Share that reached the target", "达到目标的比例"),
    "changed_trees": Words("Trees", "树的数量"),
    "changed_version": Words("Version of the code", "代码版本"),
}

_DRAWN: dict[str, Words] = {
    "calibration_meaning": Words(
        "Rows in bins of equal size by predicted probability: what was predicted, and the share "
        "that was observed with its 95% interval. On the diagonal both are the same.",
        "按预测概率将样本等量分组：各组的预测概率与实际比例及其 95% 区间。对角线上两者相等。",
    ),
    "drawn_none": Words(
        "What this is drawn from is not at hand: the model was trained before it was kept, or "
        "comes from a folder.",
        "绘图所需数据暂缺：模型训练时尚未保存该数据，或模型取自文件夹。",
    ),
    "drawn_predicted": Words("Predicted probability", "预测概率"),
    "drawn_observed": Words("Observed share", "实际比例"),
    "gains_meaning": Words(
        "Rows by score, highest first, in tenths. Lift is the share of a tenth over that of all "
        "rows; gain is how many of all that reached the target are found so far.",
        "按评分从高到低将样本分为十等份。提升为该份的比例除以总体比例；增益为截至该份已覆盖的达标样本占全部达标样本的比例。",
    ),
    "gains_tenth": Words("Tenth, highest scores first", "十分位（评分从高到低）"),
    "gains_lift": Words("Lift", "提升"),
    "gains_gain": Words("Gain so far", "累计增益"),
    "gains_share": Words("Rows so far", "累计样本"),
    "reasons_meaning": Words(
        "Contributions of the strongest features to the log-odds, of a sample of training rows: "
        "not to the probability. They are associations that the model has learnt, not effects.",
        "最强特征对对数几率（而非概率）的贡献，取自训练样本的抽样。它们是模型学到的关联，并非因果效应。",
    ),
    "reasons_mean": Words("Mean contribution, either way, log-odds", "平均绝对贡献（对数几率）"),
    "reasons_contribution": Words("Contribution, log-odds", "贡献（对数几率）"),
    "reasons_swarm": Words(
        "A dot for each row of the sample: to the right the feature raises the score",
        "每个点为一个样本：偏右表示该特征提高评分",
    ),
    "reasons_by_band": Words(
        "Mean contribution of the rows with these values of the feature, log-odds",
        "按特征取值分组的平均贡献（对数几率）",
    ),
    "reasons_by_value": Words("By the value of the feature", "按特征取值"),
    "reasons_value": Words("Value", "取值"),
    "reasons_from_to": Words("From – to", "范围"),
    "reasons_mean_of_band": Words("Mean contribution", "平均贡献"),
    "reasons_rows": Words("Rows", "样本数"),
    "reasons_dependence": Words("Contribution by value: {feature}", "贡献随取值的变化：{feature}"),
    "band_0": Words("lowest values", "最低值"),
    "band_1": Words("low values", "较低值"),
    "band_2": Words("middle values", "中间值"),
    "band_3": Words("high values", "较高值"),
    "band_4": Words("highest values", "最高值"),
    "band_unknown": Words("not known", "未知"),
}

_FINDINGS: dict[str, Words] = {
    "findings_meaning": Words(
        "Each sentence is computed from the figures of the section that it leads to. “Look” is no "
        "verdict.",
        "每句话均由其所链接部分的数字计算得出。“需关注”并非结论。",
    ),
    "mark_pass": Words("pass", "通过"),
    "mark_look": Words("look", "需关注"),
    "mark_note": Words("note", "说明"),
    "finding_one_outcome": Words(
        "The test rows hold one outcome only: whether the order is right is not known.",
        "测试样本只有一种结果，无法判断排序是否正确。",
    ),
    "finding_auc": Words("AUC {told} on {n} later rows.", "在 {n} 个后续样本上 AUC 为 {told}。"),
    "finding_is_better": Words("Beats {other}: AUC {told}.", "优于{other}：AUC {told}。"),
    "finding_is_same": Words(
        "Cannot be told apart from {other}: AUC {told}.", "与{other}无法区分：AUC {told}。"
    ),
    "finding_is_worse": Words("Is worse than {other}: AUC {told}.", "差于{other}：AUC {told}。"),
    "finding_ece_within": Words(
        "The calibration error is within what chance makes: {ece}, limit {limit}; predicted "
        "{predicted}, observed {observed}.",
        "校准误差在偶然范围内：{ece}，上限 {limit}；预测 {predicted}，实际 {observed}。",
    ),
    "finding_ece_above": Words(
        "The calibration error is above what chance makes: {ece}, limit {limit}; predicted "
        "{predicted}, observed {observed}.",
        "校准误差超出偶然范围：{ece}，上限 {limit}；预测 {predicted}，实际 {observed}。",
    ),
    "finding_slope_right": Words(
        "The calibration slope cannot be told from 1: {told}.", "校准斜率与 1 无法区分：{told}。"
    ),
    "finding_slope_off": Words(
        "The calibration slope is not 1: {told}.", "校准斜率不为 1：{told}。"
    ),
    "finding_stages_above": Words(
        "The calibration error is above what chance makes in {stages}; by chance one stage in 20 "
        "is.",
        "{stages} 阶段的校准误差超出偶然范围；纯属偶然时每 20 个阶段会有一个。",
    ),
    "finding_score_psi": Words(
        "The score between training and test months: PSI {psi}, {reading}.",
        "评分在训练与测试月份之间：PSI {psi}，{reading}。",
    ),
    "finding_reasons_psi": Words(
        "The largest reasons between training and test months: PSI {psi}, {reading}.",
        "最主要原因在训练与测试月份之间：PSI {psi}，{reading}。",
    ),
    "finding_features_psi": Words(
        "{moved} of {total} features have a PSI of {bound} or more, beyond chance.",
        "{total} 个特征中有 {moved} 个的 PSI 达到 {bound} 或以上且超出偶然范围。",
    ),
    "finding_fairness_unknown": Words(
        "Fairness was not measured: the data held no personal attributes.",
        "未测量公平性：数据中没有个人属性。",
    ),
    "finding_fairness_broken": Words(
        "Groups beyond a bound of fairness: {n}.", "超出公平性界限的情形：{n} 项。"
    ),
    "finding_fairness_kept": Words(
        "None of the {n} groups compared is beyond a bound with the whole of its interval.",
        "所比较的 {n} 个群体中，没有任何一个的整个区间超出界限。",
    ),
    "finding_guards_passed": Words(
        "No feature knows the future, and none is implausibly strong alone.",
        "没有特征包含未来信息，也没有单独过强的特征。",
    ),
    "finding_guards_failed": Words(
        "A feature may know the outcome: see the guards.", "有特征可能包含结果信息：详见防护检查。"
    ),
    "finding_standing_unknown": Words(
        "Ability and willingness could not be validated, as the truth of them is not known: "
        "treatments do not use them.",
        "还款能力与还款意愿无法验证，因其真实情况未知：处置方式不使用这两项。",
    ),
    "finding_standing_valid": Words(
        "Ability and willingness agree with their own truth: treatments may use them.",
        "还款能力与还款意愿与各自的真实情况一致：处置方式可以使用。",
    ),
    "finding_standing_not_valid": Words(
        "Ability or willingness does not agree with its truth: treatments do not use them.",
        "还款能力或还款意愿与真实情况不一致：处置方式不使用这两项。",
    ),
}

MEASURES_LABELS: dict[str, Words] = {
    **_SECTIONS,
    **_MEASURES,
    **_DRAWN,
    **_FINDINGS,
    **GROUPS_LABELS,
}
