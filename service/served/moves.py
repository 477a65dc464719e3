"""The moves of champions and challengers, as the registry's tags record them."""

import json
from collections.abc import Mapping
from itertools import islice

from service.served.evidence import Promotion

MOST = 50  # the newest
_TAG = "promotion."  # and the instant: one tag of the registered model for each
_LONGEST = 10_000  # characters of a tag
_THERE = {"from_version": "from", "to_version": "to"}  # their names in a tag


def promotions(tags: Mapping[str, str]) -> tuple[Promotion, ...]:
    """The newest moves among a registered model's tags, newest first.

    What is no record of one is left out: anybody who may write to the registry can set a tag.
    """
    texts = (tags[key] for key in sorted(tags, reverse=True) if key.startswith(_TAG))
    read = (_read(text) for text in texts if len(text) <= _LONGEST)
    return tuple(islice((each for each in read if each is not None), MOST))


def _read(text: str) -> Promotion | None:
    try:
        told = json.loads(text)
        found = {name: told.get(_THERE.get(name, name)) for name in Promotion.model_fields}
        return Promotion.model_validate(found)
    except (AttributeError, RecursionError, ValueError):  # no object; too deep; not valid
        return None
