"""Labels of fairness and stability."""

from models.intensity.words.catalogue import Words

_FAIRNESS: dict[str, Words] = {
    "fairness_measured_only": Words(
        "Personal attributes are used to measure only. They are never features.",
        "个人属性仅用于测量，从不作为特征。",
    ),
    "fairness_meaning": Words(
        "Bounds: a calibration gap of {gap}, and an AUC {auc} below that of all rows; broken only "
        "where the whole 95% interval lies beyond. That no bound is broken in a small group is no "
        "proof of fairness.",
        "界限：校准差距 {gap}，以及 AUC 低于总体 {auc}；仅当整个 95% 区间超出时才算突破。"
        "小群体未突破界限并不能证明公平。",
    ),
    "fairness_broken": Words("Groups beyond a bound", "超出界限的群体"),
    "fairness_gap_broken": Words(
        "{attribute}, {group}: observed less predicted is {told} points, bound {bound}.",
        "{attribute}，{group}：实际减预测为 {told} 个百分点，界限 {bound}。",
    ),
    "fairness_auc_broken": Words(
        "{attribute}, {group}: AUC less that of all rows is {told}, bound {bound}.",
        "{attribute}，{group}：AUC 与总体之差为 {told}，界限 {bound}。",
    ),
    "fairness_basis": Words(
        "A group is compared from {rows} rows on, and {accounts} accounts with either outcome.",
        "样本不少于 {rows} 个、且两种结果各不少于 {accounts} 个账户的群体才作比较。",
    ),
    "fairness_beyond": Words("beyond its bound", "超出界限"),
    "fairness_too_few": Words("too few", "样本过少"),
    "fairness_lower_bound": Words("lower bound", "下限"),
    "fairness_upper_bound": Words("upper bound", "上限"),
    "fairness_calibration_gap": Words("Observed less predicted, points", "实际减预测（百分点）"),
    "fairness_auc": Words("AUC", "AUC"),
    "fairness_mean_level": Words("Mean contact level", "平均联系强度"),
    "fairness_largest": Words(
        "{measure}: the largest difference is {difference}, {highest} over {lowest}.",
        "{measure}：最大差异为 {difference}（{highest} 高于 {lowest}）。",
    ),
    "fairness_level_meaning": Words(
        "The level, 0 to 4, is what the packaged policy proposes by value, before any rule and "
        "where nothing is scarce.",
        "联系强度（0 至 4）为内置策略按价值建议的级别，未计规则，且不考虑资源紧缺。",
    ),
    "fairness_by_chance": Words(
        "Among many groups some differ by chance; the largest difference is chosen for being so.",
        "群体众多时，部分差异纯属偶然；最大差异正是因其最大而被选出。",
    ),
    "segment_sex": Words("Sex", "性别"),
    "segment_age": Words("Age", "年龄"),
    "segment_education": Words("Education", "教育程度"),
    "segment_marriage": Words("Marriage", "婚姻状况"),
    "group_of_female": Words("female", "女"),
    "group_of_male": Words("male", "男"),
    "group_of_married": Words("married", "已婚"),
    "group_of_single": Words("single", "未婚"),
    "group_of_graduate_school": Words("graduate school", "研究生"),
    "group_of_university": Words("university", "大学"),
    "group_of_high_school": Words("high school", "高中"),
    "group_of_other": Words("other", "其他"),
    "group_of_unknown": Words("not known", "未知"),
    "group_of_all_others": Words("all others", "其余各组"),
}

_STABILITY: dict[str, Words] = {
    "stability_meaning": Words(
        "How far the test months lie from those of training, as PSI, on {rows} rows: below {look} "
        "stable, from {shifted} on shifted, beside what chance makes. A feature that counts "
        "months drifts as time goes by; that alone is no fault.",
        "测试月份与训练月份的差异（PSI），基于 {rows} 个样本：低于 {look} 为稳定，"
        "达到 {shifted} 为已偏移，并列出偶然产生的数值。"
        "计算月数的特征会随时间漂移，这本身不是问题。",
    ),
    "stability_score": Words("The score", "评分"),
    "stability_reasons": Words("The largest reasons", "最主要原因"),
    "stability_features": Words("Features that moved most", "变化最大的特征"),
    "model_of": Words("Of", "对象"),
    "model_by_chance": Words("by chance", "偶然均值"),
    "model_chance_limit": Words("limit of chance", "偶然上限"),
    "model_psi_look": Words("to be looked at", "需关注"),
    "model_psi_shifted": Words("shifted", "已偏移"),
    "drift_stable": Words("stable", "稳定"),
    "drift_chance": Words("not beyond chance", "未超出偶然"),
    "drift_look": Words("to be looked at", "需关注"),
    "drift_shifted": Words("shifted", "已偏移"),
    "drift_not_defined": Words("not defined", "无定义"),
    "guards_moved": Words(
        "Features that change when only the future is changed:", "仅改变未来数据即发生变化的特征："
    ),
    "guards_not_moved": Words(
        "No feature changes when only the future is changed.",
        "仅改变未来数据时，没有特征发生变化。",
    ),
    "guards_implausible": Words(
        "Features that reach an AUC of {bound} alone:", "单独 AUC 达到 {bound} 的特征："
    ),
    "guards_plausible": Words(
        "No feature reaches an AUC of {bound} alone.", "没有特征单独达到 {bound} 的 AUC。"
    ),
    "guards_copied": Words(
        "Of {total} accounts {n} repeat the history of another.",
        "{total} 个账户中有 {n} 个与另一账户的历史重复。",
    ),
    "guards_rises": Words(
        "Of {total} rises of days past due {n} are faster than time goes by.",
        "{total} 次逾期天数上升中有 {n} 次快于时间流逝。",
    ),
    "guards_strongest": Words("The strongest features alone", "单独最强的特征"),
    "standing_meaning": Words(
        "Ability and willingness are names given to groups of features. Treatments may use them "
        "only where they agree with what is known to be true of accounts.",
        "还款能力与还款意愿是对特征分组的称呼。仅当其与账户的真实情况一致时，处置方式才可使用。",
    ),
    "standing_rows": Words("{n} test rows whose truth is known", "真实情况已知的 {n} 个测试样本"),
    "standing_own": Words("Rank correlation with its own truth", "与自身真实情况的秩相关"),
    "standing_other": Words("with the other's", "与另一项的秩相关"),
}

GROUPS_LABELS: dict[str, Words] = {**_FAIRNESS, **_STABILITY}
