"""Names and sentences for levels, treatments and rules, in English and Chinese.

A decision stores codes; the words are looked up when it is read.
"""

from collections.abc import Mapping
from typing import NamedTuple

from features.tables import CHANNELS
from models.intensity.ladder import LEVEL_NAMES
from models.score.reasons import Language


class Words(NamedTuple):
    """One thing said in both languages."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        """What it is called in that language."""
        return self.en if language == "en" else self.zh


LEVELS: dict[str, Words] = {
    "none": Words("no contact", "不联系"),
    "remind": Words("reminder", "提醒"),
    "call": Words("call", "电话联系"),
    "intensive": Words("intensive contact", "加强联系"),
    "escalate": Words("escalation", "升级处理"),
}

TREATMENTS: dict[str, Words] = {
    "wait": Words("Wait: make no contact.", "等待：不作联系。"),
    "remind": Words("Remind the customer of what is due.", "提醒客户应还款项。"),
    "negotiate": Words("Talk with the customer about how to pay.", "与客户协商还款。"),
    "hardship_review": Words(
        "Review the customer's hardship; offer relief or a plan.",
        "审核客户的困难情况，提供减缓措施或还款计划。",
    ),
    "escalate": Words(
        "Escalate to a visit, agency or legal step, once approved.",
        "经批准后升级为上门、委外或法律措施。",
    ),
}

CHANNEL_NAMES: dict[str, Words] = {
    "sms": Words("text message", "短信"),
    "push": Words("app notification", "应用推送"),
    "email": Words("email", "电子邮件"),
    "call": Words("phone call", "电话"),
    "letter": Words("letter", "信函"),
    "visit": Words("visit", "上门"),
    "agency": Words("collection agency", "委外机构"),
    "legal": Words("legal step", "法律措施"),
}

RULES: dict[str, Words] = {
    "deceased": Words("The debtor has died: no contact.", "债务人已去世：不得联系。"),
    "bankruptcy": Words("The debtor is bankrupt: no contact.", "债务人已破产：不得联系。"),
    "cease_contact": Words(
        "The debtor has asked for contact to stop: no contact.",
        "债务人要求停止联系：不得联系。",
    ),
    "dispute": Words(
        "The debt is disputed: no contact until a person has handled the dispute.",
        "债务存在争议：在人工处理完毕之前不得联系。",
    ),
    "represented": Words(
        "The debtor is represented: no contact until a person has handled it.",
        "债务人已委托代理人：在人工处理完毕之前不得联系。",
    ),
    "complaint": Words(
        "A complaint is open: no contact until a person has handled it.",
        "投诉尚未办结：在人工处理完毕之前不得联系。",
    ),
    "hardship": Words(
        "The customer is in hardship: at most a reminder, with a hardship review.",
        "客户处于困难之中：最多提醒，并进行困难审核。",
    ),
    "vulnerable": Words(
        "The customer is vulnerable: at most a reminder, with a hardship review.",
        "客户属于弱势群体：最多提醒，并进行困难审核。",
    ),
    "promise_not_due": Words(
        "A promise to pay is not yet due: at most a reminder.",
        "还款承诺尚未到期：最多提醒。",
    ),
    "plan_kept": Words(
        "A repayment plan is being kept: at most a reminder.",
        "客户正在履行还款计划：最多提醒。",
    ),
    "payment_in_transit": Words(
        "A payment that covers the past due amount is in transit: at most a reminder.",
        "足以清偿逾期金额的还款正在途中：最多提醒。",
    ),
    "visit_appointment": Words(
        "No appointment for a visit has been agreed: no visit.",
        "尚未约定上门时间：不得上门。",
    ),
    "stage_lowest": Words(
        "The level is below the lowest of the stage.", "低于该逾期阶段的最低级别。"
    ),
    "stage_highest": Words(
        "The level is above the highest of the stage.", "高于该逾期阶段的最高级别。"
    ),
}


def told(catalogue: Mapping[str, Words], code: str, language: Language) -> str:
    """The words of a code; one that has left the catalogue is told as it is.

    So old records stay readable.
    """
    words = catalogue.get(code)
    return code if words is None else words.of(language)


def took_away(code: str, language: Language) -> str:
    """What a binding rule took away, in words; ValueError for a code of another form.

    Codes are `level:3->1` and `channel:visit`, as models.intensity.choose makes them.
    """
    kind, _, rest = code.partition(":")
    if kind == "channel" and rest in CHANNELS:
        channel = CHANNEL_NAMES[rest].of(language)
        return f"channel taken away: {channel}" if language == "en" else f"取消渠道：{channel}"
    before, arrow, after = rest.partition("->")
    if kind == "level" and arrow and before in _LEVEL_DIGITS and after in _LEVEL_DIGITS:
        old, new = (LEVELS[_LEVEL_DIGITS[digit]].of(language) for digit in (before, after))
        if language == "en":
            return f"level lowered from {before} ({old}) to {after} ({new})"
        return f"级别由 {before}（{old}）降为 {after}（{new}）"
    raise ValueError(f"not a code of what a rule took away: {code[:80]!r}")


_LEVEL_DIGITS = {str(level): name for level, name in enumerate(LEVEL_NAMES)}
