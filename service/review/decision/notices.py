"""What a reader has to know before anything else of a decision."""

from datetime import datetime
from typing import Literal, NamedTuple

from models.score.reasons import Language
from service.log.records import Record
from service.review.labels.catalogue import LABELS


class Notice(NamedTuple):
    """A sentence, and the id of the decision that it points to, if it does."""

    kind: Literal["", "bad", "good"]
    text: str
    decision_id: str | None = None


def notices(record: Record, now: datetime, language: Language) -> list[Notice]:
    """The notices of a record as it is shown now, the weightiest first."""

    def told(name: str) -> str:
        return LABELS[name].of(language)

    found, intensity = [], record["intensity"]
    successor = record.get("superseded_by")
    if successor is not None:
        found.append(Notice("bad", told("superseded_by"), successor))
    else:
        if datetime.fromisoformat(record["valid_until"]) <= now:
            found.append(Notice("bad", told("decision_expired")))
        if record["status"] == "proposed":
            found.append(Notice("", told("needs_approval")))
    if intensity.get("rules_of") == "strictest":
        found.append(Notice("", told("strictest")))
    if intensity["arm"] == "explore":
        found.append(Notice("", told("decision_was_drawn")))
    return found
