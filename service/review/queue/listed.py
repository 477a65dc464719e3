"""Decisions as a list tells them: the rows of the queue, and the same as a table for machines."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models.cells import Cell, csv_text
from models.intensity.words.catalogue import told
from models.intensity.words.names import LEVELS, TREATMENT_NAMES
from models.score.reasons import Language
from service.log.ordered import is_expired
from service.log.records import Record

Row = dict[str, Any]

EXPIRED = "expired"  # a proposal that can no longer be approved
ENDED = "ended"  # on the page alone: a decision in force until it was no longer valid
DIGITS = 12  # of a digest, as people tell bundles apart
# Of the table, which programs read too: they stay as they are.
COLUMNS = (
    "decision_id",
    "decided_at",
    "account_id",
    "target",
    "stage",
    "probability",
    "tier",
    "level",
    "level_name",
    "treatment",
    "status",
    "valid_until",
    "model",
    "bundle_sha256",
)
# Without it Excel takes the UTF-8 of account ids for the machine's own code page.
_BYTE_ORDER_MARK = "\ufeff"


def rows(records: Sequence[Record], now: datetime, language: Language) -> list[Row]:
    """What the list shows of each decision, codes in words."""
    return [_row(record, now, language) for record in records]


def table(records: Sequence[Record], now: datetime) -> bytes:
    """The decisions as CSV: instants, shares and codes as the record has them."""
    cells = (_cells(record, now) for record in records)
    return (_BYTE_ORDER_MARK + csv_text(COLUMNS, cells)).encode()


def _row(record: Record, now: datetime, language: Language) -> Row:
    score, intensity, versions = record["score"], record["intensity"], record["versions"]
    return {
        "decision_id": record["decision_id"],
        "decided_at": record["decided_at"],
        "account_id": record["account_id"],
        "stage": score["stage"],
        "probability": score["probability"],
        "tier": score["tier"],
        "level": intensity["level"],
        "level_name": told(LEVELS, intensity["name"], language),
        "treatment": told(TREATMENT_NAMES, intensity["treatment"], language),
        "status": ENDED if _has_ended(record, now) else _status(record, now),
        "valid_until": record["valid_until"],
        "model": versions["model"],
        "digest": versions["bundle_sha256"][:DIGITS],
    }


def _cells(record: Record, now: datetime) -> tuple[Cell, ...]:
    score, intensity, versions = record["score"], record["intensity"], record["versions"]
    return (
        record["decision_id"],
        record["decided_at"],
        record["account_id"],
        score["target"],
        score["stage"],
        score["probability"],
        score["tier"],
        intensity["level"],
        intensity["name"],
        intensity["treatment"],
        _status(record, now),
        record["valid_until"],
        versions["model"],
        versions["bundle_sha256"],
    )


def _status(record: Record, now: datetime) -> str:
    return EXPIRED if is_expired(record, now) else str(record["status"])


def _has_ended(record: Record, now: datetime) -> bool:
    over = datetime.fromisoformat(record["valid_until"]) <= now
    return over and record["status"] == "effective"
