"""How a place in a TOML document is written: `value.cure`, `odds_ratios."M4+".low[0]`."""

import re
from collections.abc import Sequence

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_KEY = 64


def toml_path(path: Sequence[str | int]) -> str:
    """The path as it would be written in the file; keys are cut to a bounded length."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{_key(step)}" if text else _key(step)
    return text


def _key(key: str) -> str:
    short = key if len(key) <= _LONGEST_KEY else f"{key[:_LONGEST_KEY]}…"
    if _BARE.fullmatch(short):
        return short
    # repr escapes line breaks and control characters, so that one mistake stays one line.
    return '"' + repr(short)[1:-1].replace('"', '\\"') + '"'
