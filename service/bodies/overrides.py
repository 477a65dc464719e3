"""Bodies by which a person decides: another level, or an approval."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from features.tables import Column
from models.intensity.ladder import ESCALATE
from models.intensity.words.overrides import OTHER, OVERRIDES
from service.bodies.columns import Cell
from service.bodies.schemas import Body
from service.errors import FieldError

TEXT_MAX = 500
_LEVEL = Column("level", "count", "the level to give", minimum=0, maximum=ESCALATE)
_REASON = Column("reason", "code", "why", codes=tuple(OVERRIDES))
_SEND_TEXT = f"Send 1 to {TEXT_MAX} printable characters, on one line."


def _told(text: str) -> str:
    if text.strip() and text.isprintable() and len(text) <= TEXT_MAX:
        return text
    problem = f"is not a text of 1 to {TEXT_MAX} printable characters"
    raise PydanticCustomError("cell", problem, {"remedy": _SEND_TEXT})


Text = Annotated[
    str,
    AfterValidator(_told),
    Field(
        strict=True,
        description="in the reviewer's own words, printable characters on one line; kept with "
        "the record, and not to name anybody",
        json_schema_extra={"minLength": 1, "maxLength": TEXT_MAX},
    ),
]


class OverrideBody(Body):
    """Another level for a decision; the reason `other` needs a text."""

    level: Annotated[int, Cell(_LEVEL)]
    reason: Annotated[str, Cell(_REASON)]
    text: Text | None = None


class ApproveBody(Body):
    """An approval of what is proposed."""

    text: Text | None = None


OVERRIDE_COLUMNS: dict[type[Body], dict[str, Column]] = {
    OverrideBody: {"level": _LEVEL, "reason": _REASON}
}


def text_missing(body: OverrideBody) -> list[FieldError]:
    """What is wrong with a body whose reason says nothing without a text."""
    if body.reason != OTHER or body.text is not None:
        return []
    return [FieldError("/text", "is missing, which the reason other needs", _SEND_TEXT)]
