"""Labels of pages that tell what went wrong: of each kind its title, and what to do."""

from models.intensity.words.catalogue import Words

_AGAIN = Words("Go back, reload the page and try again.", "请返回上一页，刷新页面后重试。")
_MEND = Words(
    "Go back, mend what is told below and send it again. Nothing was done.",
    "请返回上一页，按下方说明更正后重新提交。本次未执行任何操作。",
)
_LATER = Words("Try again in a moment. Nothing was done.", "请稍后重试。本次未执行任何操作。")
_ANEW = Words(
    "The account needs a new decision; this one stays as it was recorded.",
    "该账户需要新的决策；本决策保持记录时的原样。",
)
_PROGRAM = Words(
    "Programs meet this at the API; go back and use the page.",
    "此问题通常由程序调用 API 时出现；请返回并使用页面操作。",
)

_TOLD: dict[str, tuple[Words, Words]] = {
    "malformed-json": (Words("What was sent cannot be read", "提交的内容无法读取"), _PROGRAM),
    "unauthorised": (
        Words("You are not signed in", "您尚未登录"),
        Words("Sign in with a key.", "请使用密钥登录。"),
    ),
    "forbidden": (
        Words("This may not be done", "不允许此操作"),
        Words(
            "Read below why. Nothing was done. Reload the page, or sign in with a key that may.",
            "原因见下方说明，本次未执行任何操作。请刷新页面后重试，或使用具有相应权限的密钥登录。",
        ),
    ),
    "not-found": (
        Words("There is no such page", "页面不存在"),
        Words(
            "The address is wrong, or what it names is not recorded here.",
            "地址有误，或其所指的记录不在此处。",
        ),
    ),
    "method-not-allowed": (
        Words("This page cannot be used that way", "该页面不支持此操作方式"),
        Words("Open it from the page it belongs to.", "请从所属页面打开。"),
    ),
    "body-too-slow": (Words("The form did not arrive in time", "表单未及时送达"), _LATER),
    "body-too-large": (Words("The form is too large", "表单内容过大"), _MEND),
    "already-superseded": (
        Words("Another decision has taken its place", "已有另一决策取代本决策"),
        Words("Open the decision anew to see which.", "请重新打开该决策，查看取代它的决策。"),
    ),
    "beyond-a-rule": (
        Words("A rule takes this level away", "有规则禁止采用该级别"),
        Words("Choose a level that the rules leave.", "请选择规则允许的级别。"),
    ),
    "decision-expired": (Words("The decision is no longer valid", "该决策已失效"), _ANEW),
    "decided-otherwise": (
        Words("The decision cannot be made anew here", "无法在此重新作出该决策"),
        _ANEW,
    ),
    "level-unchanged": (
        Words("It is the decision's level already", "该决策已是此级别"),
        Words("Choose another level.", "请选择其他级别。"),
    ),
    "not-proposed": (
        Words("Nothing waits for approval", "没有待批准的内容"),
        Words("Open the decision anew to see how it stands.", "请重新打开该决策，查看其当前状态。"),
    ),
    "own-decision": (
        Words("Another person has to approve", "须由其他人员批准"),
        Words("Nobody approves what they decided themselves.", "任何人不得批准本人作出的决策。"),
    ),
    "idempotency-in-flight": (
        Words("The same request is being answered", "相同的请求正在处理中"),
        _LATER,
    ),
    "event-of-another-account": (
        Words("An id is that of another account's event", "编号属于另一账户的事件"),
        _PROGRAM,
    ),
    "visit-out-of-order": (Words("The visit is not at that step", "走访未处于该步骤"), _AGAIN),
    "visit-not-decided": (Words("No decision allows the visit", "没有允许该走访的决策"), _ANEW),
    "visit-not-agreed": (
        Words("No appointment was agreed", "尚未约定走访时间"),
        _PROGRAM,
    ),
    "unsupported-media-type": (
        Words("What was sent is of another kind", "提交内容的类型不受支持"),
        _PROGRAM,
    ),
    "validation": (Words("Something was filled in wrong", "填写的内容有误"), _MEND),
    "no-model-for-stage": (
        Words("No model serves this stage", "没有适用于该逾期阶段的模型"),
        Words(
            "Ask those who run the service which models are loaded.",
            "请向服务运维人员确认已加载的模型。",
        ),
    ),
    "currency-mismatch": (
        Words("Another currency than the model's", "币种与模型不一致"),
        Words("Amounts are never converted.", "金额从不换算。"),
    ),
    "no-statement": (
        Words("No statement is known", "没有已知账单"),
        Words("None was known yet at that time.", "在该时点尚无已知账单。"),
    ),
    "account-ended": (
        Words("The account is no longer open", "该账户已结束"),
        Words("There is nothing left to decide on it.", "对该账户已无需作出决策。"),
    ),
    "nothing-owed": (
        Words("Nothing is owed", "该账户无欠款"),
        Words("There is nothing to decide.", "无需作出决策。"),
    ),
    "idempotency-key-reused": (
        Words("Something else was sent under this name", "该请求标识已用于其他内容"),
        _AGAIN,
    ),
    "rate-limited": (Words("Too many requests", "请求过于频繁"), _LATER),
    "internal": (
        Words("The service failed", "服务出现故障"),
        Words(
            "Try again; if it stays, tell those who run the service the number below.",
            "请重试；若问题持续，请将下方编号告知服务运维人员。",
        ),
    ),
    "overloaded": (Words("Too many requests at once", "同时请求过多"), _LATER),
    "unavailable": (Words("The service cannot answer now", "服务暂时无法响应"), _LATER),
}

TITLES = {kind: title for kind, (title, _) in _TOLD.items()}
REMEDIES = {kind: remedy for kind, (_, remedy) in _TOLD.items()}

PROBLEMS_LABELS: dict[str, Words] = {
    "problem_request": Words("Number of the request:", "请求编号："),
    "problem_back": Words("Back", "返回"),
}
