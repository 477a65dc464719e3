"""What a binding rule took away, in words."""

from datetime import datetime

from features.tables import CHANNELS
from models.intensity.ladder import LEVELS
from models.intensity.words.names import CHANNEL_NAMES, level_told
from models.score.reasons import Language

_LEVEL_OF = {str(level): level for level in LEVELS}


def took_away(code: str, language: Language) -> str:
    """What a binding rule took away, in words; ValueError for a code of another form.

    Codes are `level:3->1`, `channel:visit` and `time:2026-11-23T08:00:00-05:00` (the first
    instant, at the debtor's place, at which contact is allowed again).
    """
    kind, _, rest = code.partition(":")
    if kind == "channel" and rest in CHANNELS:
        channel = CHANNEL_NAMES[rest].of(language)
        return f"channel taken away: {channel}" if language == "en" else f"取消渠道：{channel}"
    if kind == "time":
        instant = datetime.fromisoformat(rest).isoformat(" ", "minutes")
        return f"no contact before {instant}" if language == "en" else f"{instant} 之前不得联系"
    before, arrow, after = rest.partition("->")
    if kind == "level" and arrow and before in _LEVEL_OF and after in _LEVEL_OF:
        old, new = (level_told(_LEVEL_OF[digit], language) for digit in (before, after))
        if language == "en":
            return f"level lowered from {old} to {new}"
        return f"级别由 {old}降为 {new}"
    raise ValueError(f"not a code of what a rule took away: {code[:80]!r}")
