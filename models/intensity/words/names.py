"""What levels, treatments, channels, resources and amounts are called."""

from models.intensity.ladder import LEVEL_NAMES
from models.intensity.words.catalogue import Words
from models.score.reasons import Language

LEVELS: dict[str, Words] = {
    "none": Words("no contact", "不联系"),
    "remind": Words("reminder", "提醒"),
    "call": Words("call", "电话联系"),
    "intensive": Words("intensive contact", "加强联系"),
    "escalate": Words("escalation", "升级处理"),
}

TREATMENT_NAMES: dict[str, Words] = {
    "wait": Words("wait", "等待"),
    "remind": Words("remind", "提醒"),
    "negotiate": Words("negotiate", "协商还款"),
    "offer_plan": Words("offer a plan", "提供分期计划"),
    "hardship_review": Words("hardship review", "困难审核"),
    "trace": Words("trace", "查找联系方式"),
    "escalate": Words("escalate", "升级处理"),
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

# One unit of each resource, as a price is told for it.
RESOURCE_NAMES: dict[str, Words] = {
    "agent_minutes": Words("one minute of an agent", "每分钟坐席时间"),
    "letters": Words("one letter", "每封信函"),
    "visits": Words("one visit", "每次上门"),
}

# What a level's value is a share of, by the field of the account.
AMOUNTS: dict[str, Words] = {
    "past_due_amount": Words("past due amount", "逾期金额"),
    "balance": Words("balance", "余额"),
}


def level_told(level: int, language: Language) -> str:
    """A level's number and name: `2 (call)`."""
    name = LEVELS[LEVEL_NAMES[level]].of(language)
    return f"{level} ({name})" if language == "en" else f"{level}（{name}）"


def money_told(amount: float, currency: str) -> str:
    """An amount with its currency, with cents at least and with all four decimals if it has them.

    So that an amount at which a level changes is told exactly.
    """
    whole, _, decimals = f"{amount:,.4f}".partition(".")
    return f"{whole}.{decimals[:2]}{decimals[2:].rstrip('0')} {currency}"
