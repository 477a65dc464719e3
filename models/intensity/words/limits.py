"""What the limits of a decision count, in words."""

import re
from typing import Any

from models.intensity.words.catalogue import Words, told
from models.score.reasons import Language

COUNTERS: dict[str, Words] = {
    "dials": Words("calls dialled", "拨打电话"),
    "unanswered_dials": Words("unanswered calls", "未接通的拨打"),
    "effective_calls": Words("calls in which the debtor was spoken to", "有效通话"),
    "conversations": Words("phone conversations with the debtor", "与债务人的电话交谈"),
    "calls_and_texts": Words("calls and text messages", "电话与短信"),
    "visits": Words("visits", "上门"),
    "contacts": Words("contacts and attempts by all channels", "各渠道的联系与尝试联系"),
}

PER: dict[str, Words] = {
    "account": Words("on this account", "本账户"),
    "debtor": Words("on all accounts of the debtor", "该债务人的全部账户"),
    "contact_point": Words("to one number or address", "同一号码或地址"),
}

_TODAY = Words("today", "当日")
_WITHIN = Words("within {days} days", "{days} 日内")
_COUNTED = Words("{counter}, {per}, {window}", "{counter}，{per}，{window}")
_WINDOW = re.compile(r"(\d+) days?")


def counted_told(limit: dict[str, Any], language: Language) -> str:
    """What a recorded limit counts, over what, and within which window."""
    return _COUNTED.of(language).format(
        counter=told(COUNTERS, limit["counter"], language),
        per=told(PER, limit["per"], language),
        window=_window_told(limit["window"], language),
    )


def _window_told(window: str, language: Language) -> str:
    """The window `7 days` in words: calendar days at the debtor's place, today included."""
    found = _WINDOW.fullmatch(window)
    if found is None:
        return window
    days = int(found[1])
    return _TODAY.of(language) if days == 1 else _WITHIN.of(language).format(days=days)
