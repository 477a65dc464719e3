"""Labels of the pages of models."""

from models.intensity.words.catalogue import Words
from service.review.labels.measures import MEASURES_LABELS

_CARD: dict[str, Words] = {
    "models_intro": Words(
        "What scores accounts now, how well it did on months that came after its training, and "
        "who put it in force.",
        "当前用于评分的模型、其在训练之后月份的表现，以及由谁批准启用。",
    ),
    "model_of_cure": Words("Model of cures", "恢复正常模型"),
    "model_of_early_warning": Words("Model of early warning", "早期预警模型"),
    "model_for_cure": Words(
        "For late accounts: the probability that one gets current again.",
        "用于逾期账户：账户恢复正常的概率。",
    ),
    "model_for_early_warning": Words(
        "For accounts that are not late: the probability that one stays current.",
        "用于未逾期账户：账户保持正常的概率。",
    ),
    "model_absent": Words(
        "No model of this target is served. Accounts that it would score get no decision.",
        "该目标目前没有启用模型，相应账户不会产生决策。",
    ),
    "model_not_watched": Words(
        "No registry is followed: the models are those of a folder that the settings name.",
        "未连接模型注册库：模型取自设置所指定的文件夹。",
    ),
    "model_registry": Words("Registry", "模型注册库"),
    "model_registry_silent": Words(
        "The registry did not answer when it was last looked at. What is served goes on.",
        "最近一次查询时模型注册库没有应答。当前模型继续使用。",
    ),
    "model_looked_at": Words("Last looked at", "最近查询时间"),
    "model_refused": Words("Not served", "未启用"),
    "model_refused_meaning": Words(
        "These would be served, but did not pass a check. What was served before goes on.",
        "以下版本本应启用，但未通过检查。此前的版本继续使用。",
    ),
    "model_none_refused": Words("Nothing of it is refused.", "其中没有被拒绝的版本。"),
    "model_some_refused": Words(
        "A newer version was refused, and is not served.", "有较新的版本被拒绝，未启用。"
    ),
    "model_version": Words("Version", "版本"),
    "model_step": Words("Failed at", "失败环节"),
    "model_why": Words("Why", "原因"),
    "model_since": Words("Since", "自何时起"),
    "refused_fetch": Words("fetching", "获取"),
    "refused_signature": Words("signature", "签名"),
    "refused_unsound": Words("verifying", "校验"),
    "refused_unfit": Words("going with the other parts", "与其他部分不匹配"),
    "refused_absent": Words("it is gone", "已不存在"),
    "refused_ended": Words("the check itself ended", "校验进程中止"),
    "refused_load": Words("loading", "加载"),
    "model_digest": Words("SHA-256 of the bundle", "模型包的 SHA-256"),
    "model_trained_on": Words("Trained on statements of", "训练账单日期"),
    "model_tested_on": Words("Tested on statements of", "测试账单日期"),
    "model_rows": Words("Rows", "样本"),
    "model_training_rows": Words("Training rows", "训练样本数"),
    "model_rows_of": Words("{n}, of {accounts} accounts", "{n} 个，来自 {accounts} 个账户"),
    "model_n_rows": Words("{n} rows", "{n} 个样本"),
    "model_accounts": Words("Accounts", "账户数"),
    "model_rate": Words("Share that reached the target", "达到目标的比例"),
    "model_currency": Words("Currency", "币种"),
    "model_no_document": Words("its evaluation is not at hand", "评估文件暂缺"),
    "model_no_document_long": Words(
        "How the model did on its test months is not at hand: the document of its run has not "
        "been fetched from the registry, or the model comes from a folder.",
        "该模型在测试月份的表现暂缺：其训练运行的评估文件尚未从注册库取得，或模型取自文件夹。",
    ),
    "model_in_force": Words("Put in force", "启用时间"),
    "model_loaded": Words("Loaded by this process", "本进程加载时间"),
    "model_signed": Words("Has a signature", "有签名"),
    "model_challenger_waits": Words(
        "version {version} waits as challenger", "版本 {version} 作为挑战者等待"
    ),
    "model_within": Words("within what chance makes ({limit})", "在偶然误差范围内（{limit}）"),
    "model_above": Words("above what chance makes ({limit})", "超出偶然误差范围（{limit}）"),
    "model_open": Words("All of this model", "查看该模型全部内容"),
    "model_all": Words("All models", "全部模型"),
    "model_sections": Words("Sections of the page", "本页各部分"),
    "model_horizon": Words("Statements ahead that count", "观察的后续账单数"),
    "model_trees": Words("Trees", "树的数量"),
    "model_data": Words("SHA-256 of the data", "数据的 SHA-256"),
    "model_run": Words("Run", "训练运行"),
    "model_run_open": Words("Open in MLflow", "在 MLflow 中打开"),
    "model_run_shown": Words(
        "To see the run, with the address of the registry as URI:",
        "查看该运行（URI 为注册库地址）：",
    ),
    "model_predicts": Words("What it predicts", "预测内容"),
    "predicts_cure": Words(
        "Label 1: days past due are 0 at one of the next statements ({cycles}), or the account is "
        "paid off. Label 0: they are not; a charge-off is no cure.",
        "标签 1：在其后 {cycles} 期账单中任一期逾期天数为 0，或账户已结清。"
        "标签 0：未达到；核销不算恢复正常。",
    ),
    "predicts_cure_sustained": Words(
        "Label 1: days past due are 0 at one of the next statements ({cycles}) and the account "
        "stays current for two more, or it is paid off. Label 0: it does not; a charge-off is no "
        "cure.",
        "标签 1：在其后 {cycles} 期账单中任一期逾期天数为 0，且此后两期继续保持正常，或账户已结清。"
        "标签 0：未达到；核销不算恢复正常。",
    ),
    "predicts_early_warning": Words(
        "Label 1: days past due are 0 at every one of the next statements ({cycles}), or the "
        "account is paid off. Label 0: it was late at one of them, or charged off.",
        "标签 1：在其后 {cycles} 期账单中逾期天数均为 0，或账户已结清。"
        "标签 0：其中任一期逾期，或被核销。",
    ),
    "population_cure": Words(
        "Population: every statement of an open account that is late and owes.",
        "样本总体：逾期且有欠款的未关闭账户的每期账单。",
    ),
    "population_early_warning": Words(
        "Population: every statement of an open account that is not late and owes.",
        "样本总体：未逾期且有欠款的未关闭账户的每期账单。",
    ),
    "population_without": Words(
        "Restructured and sold accounts have no label and neither train nor test.",
        "重组与出售的账户没有标签，既不用于训练也不用于测试。",
    ),
    "model_not_causal": Words(
        "The score is the probability under the contact that the account would ordinarily get. It "
        "does not say what contact changes.",
        "评分是账户在通常联系方式下的概率，不说明联系会带来什么变化。",
    ),
    "model_features": Words("Its {n} features", "全部 {n} 个特征"),
    "model_meaning": Words("What it says", "含义"),
    "model_unit": Words("Unit", "单位"),
    "model_direction": Words("As it rises, the probability", "数值上升时，概率"),
    "direction_up": Words("may only rise", "只能上升"),
    "direction_down": Words("may only fall", "只能下降"),
    "direction_none": Words("may do either", "方向不限"),
    "unit_days": Words("days", "天"),
    "unit_months": Words("months", "月"),
    "unit_hour": Words("hour of the day", "时刻"),
    "unit_share": Words("share", "比例"),
    "unit_ratio": Words("ratio", "比值"),
    "unit_money": Words("amount", "金额"),
    "unit_count": Words("number", "次数"),
    "unit_money_per_month": Words("amount a month", "每月金额"),
    "unit_yes_no": Words("yes or no", "是或否"),
    "model_settings": Words("Settings of its training", "训练设置"),
    "model_settings_meaning": Words(
        "By the names that a settings file has for them.", "按设置文件中的名称列出。"
    ),
    "model_setting": Words("Setting", "设置"),
    "model_set": Words("Set to", "取值"),
}

_HISTORY: dict[str, Words] = {
    "promotion_history": Words("Who put what in force", "启用记录"),
    "promotion_meaning": Words(
        "Every move of champion and challenger, newest first. Figures and bounds of the gate are "
        "shown as they were recorded.",
        "冠军与挑战者版本的每次变更，最新的在前。关卡检查的数值与界限按记录原样显示。",
    ),
    "promotion_none": Words("No promotion is known.", "没有已知的启用记录。"),
    "promotion_at": Words("When", "时间"),
    "promotion_who": Words("Who", "操作人"),
    "promotion_what": Words("What", "操作"),
    "promotion_first": Words("first version", "首个版本"),
    "promotion_promote": Words("promoted", "启用"),
    "promotion_rollback": Words("rolled back", "回退"),
    "promotion_challenge": Words("made challenger", "设为挑战者"),
    "promotion_sign": Words("signed", "签名"),
    "promotion_reason": Words("Reason", "理由"),
    "promotion_forced": Words("forced", "强制"),
    "promotion_gate": Words("Gate", "关卡检查"),
    "promotion_checks": Words("{n} checks, {failed} failed", "{n} 项检查，{failed} 项未通过"),
    "promotion_check": Words("Check", "检查项"),
    "promotion_figure": Words("Found", "结果"),
    "promotion_bound": Words("Bound", "界限"),
    "promotion_holds": Words("Holds", "通过"),
    "promotion_signed": Words("Signed by", "签名密钥"),
    "promotion_rate_in": Words(
        "Rate in {stage}, standard deviations", "{stage} 阶段比率（标准差）"
    ),
}

MODELS_LABELS: dict[str, Words] = {**_CARD, **_HISTORY, **MEASURES_LABELS}
