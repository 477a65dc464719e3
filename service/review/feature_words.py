"""Features in words, without a value."""

from features.catalogue import BY_NAME
from models.score.reasons import Language

_VALUE = {"en": ": {value}", "zh": "：{value}"}


def meaning(name: str, language: Language) -> str:
    """What a feature says; nothing of one that has left the catalogue."""
    known = BY_NAME.get(name)
    return "" if known is None else str(getattr(known, language)).removesuffix(_VALUE[language])
