"""Labels of the forms by which a person decides."""

from models.intensity.words.catalogue import Words

ACTING_LABELS: dict[str, Words] = {
    "act": Words("Decide", "人工决定"),
    "act_what_if": Words("What if other figures held?", "假设其他数值"),
    "act_superseded": Words(
        "Another decision has taken its place: only that one can be overridden or approved.",
        "本决策已被取代：只能改定或批准取代它的决策。",
    ),
    "act_open_successor": Words("Open it", "打开该决策"),
    "act_expired": Words(
        "The decision was valid until {at}: the account needs a new decision.",
        "本决策有效期至 {at}：该账户需要新的决策。",
    ),
    "act_override": Words("Give another level", "改定级别"),
    "act_override_meaning": Words(
        "A new decision takes the place of this one, with your name and reason. Contact rules are "
        "asked again as they count now: none can be overridden.",
        "新的决策将取代本决策，并记录您的名称与理由。系统会按当前情况再次核对联系规则：任何规则均不可突破。",
    ),
    "act_level": Words("Level", "级别"),
    "act_as_it_is": Words("the level as it is", "当前级别"),
    "act_barred": Words("not allowed: {rule}", "不允许：{rule}"),
    "act_reason": Words("Reason", "理由"),
    "act_choose": Words("Choose a reason", "请选择理由"),
    "act_text": Words("In your own words", "补充说明"),
    "act_text_hint": Words(
        "Needed for another reason; up to {most} characters. It is kept with the record: name "
        "nobody.",
        "选择其他原因时必填；至多 {most} 个字符。将随记录保存：请勿写入任何人的姓名。",
    ),
    "act_text_optional": Words(
        "Up to {most} characters, may stay empty. It is kept with the record: name nobody.",
        "至多 {most} 个字符，可不填。将随记录保存：请勿写入任何人的姓名。",
    ),
    "act_submit": Words("Override", "确认改定"),
    "act_wrong": Words(
        "Something is missing or wrong: it is marked below.", "有内容缺失或有误：已在下方标出。"
    ),
    "act_wrong_level": Words("Choose a level.", "请选择级别。"),
    "act_wrong_reason": Words("Choose a reason.", "请选择理由。"),
    "act_wrong_text": Words(
        "Write 1 to {most} printable characters; another reason needs a text.",
        "请填写 1 至 {most} 个可显示字符；选择其他原因时必须填写。",
    ),
    "act_not_done": Words("Nothing was decided.", "未作出任何决定。"),
    "act_rules": Words("Rules that take the level:", "禁止采用该级别的规则："),
    "act_allowed": Words("Levels that no rule takes: {levels}.", "规则允许的级别：{levels}。"),
    "act_confirm": Words("Propose {level}?", "确认提议级别 {level}？"),
    "act_confirm_meaning": Words(
        "This level is not used at once: it becomes a proposal that another reviewer has to "
        "approve. Until then nothing of it may be done.",
        "该级别不会立即执行：将作为提议，须经另一位审核人员批准。批准前不得执行。",
    ),
    "act_confirm_submit": Words("Propose it", "确认提议"),
    "act_confirm_back": Words("Leave it as it is", "保持不变"),
    "act_approve": Words("Approve", "批准"),
    "act_approve_meaning": Words(
        "The level waits for an approval by another person than the one who made it. Contact rules "
        "are asked again as they count now.",
        "该级别须由作出决策者以外的人员批准。系统会按当前情况再次核对联系规则。",
    ),
    "act_proposal": Words(
        "Model and policy propose level {level} for account {account} (sent by {actor}).",
        "模型与策略提议账户 {account} 采用级别 {level}（由 {actor} 提交）。",
    ),
    "act_proposal_by": Words(
        "{actor} proposes level {level} for account {account}.",
        "{actor} 提议账户 {account} 采用级别 {level}。",
    ),
    "act_nets": Words(
        "It nets {net} a cycle, the recommended level {best} {most}.",
        "该级别每周期净值为 {net}，推荐级别 {best} 为 {most}。",
    ),
    "act_own": Words(
        "You made this decision, or the one before it: another reviewer has to approve it.",
        "本决策或其前一决策由您作出：须由另一位审核人员批准。",
    ),
    "act_keys_needed": Words(
        "This service runs without keys: everybody is the same person, “local”. To approve, "
        "serve with CURESCORE_AUTH=keys and make a key for each reviewer:",
        "本服务未启用密钥：所有人都是同一身份“local”。如需批准，请以 CURESCORE_AUTH=keys 启动服务，"
        "并为每位审核人员创建密钥：",
    ),
    "act_done_override": Words(
        "{actor} gave the account level {level} on {at}.", "{actor} 于 {at} 将级别改定为 {level}。"
    ),
    "act_done_propose": Words(
        "{actor} proposed level {level} on {at}. Another reviewer has to approve it.",
        "{actor} 于 {at} 提议级别 {level}，须经另一位审核人员批准。",
    ),
    "act_done_approve": Words(
        "{actor} approved level {level} on {at}.", "{actor} 于 {at} 批准级别 {level}。"
    ),
}
