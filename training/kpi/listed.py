"""The document as plain tables: one CSV each."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from models.cells import Cell, write_csv

_SHARE = ("n", "hits", "rate", "low", "high", "effective_n")
_WITHOUT = ("immature", "missing", "censored", "outside")
_DAYS = ("n", "q25", "median", "q75")
_CONTACTS = ("outgoing", "of_labelled", "cures", "per_cure")
_UNDUE = ("open", "undated", "unknown")
_CELL = ("stage", "tier", "level", "currency", "accounts", "past_due_amount")
_MONEY = ("cycles", "recovered", "open_cycles", "closed_recovered", "closed_cost", "cost_per_unit")


class Listed(NamedTuple):
    """A table: its columns' names and its rows."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]


def groups(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each group: dimension, name, figures; the total first."""
    yield "total", "", document["total"]
    for dimension, parts in document["by"].items():
        for name, group in parts.items():
            yield dimension, name, group


def listed(document: dict[str, Any]) -> dict[str, Listed]:
    """The document's tables by name; one that has no rows keeps its columns."""
    rolls, made = document["rolls"], document["overrides"]
    visits = document["visits"] or {}
    rules = [(each["rule"], each["n"], each["share"]) for each in document["rules"]]
    reasons = [(each["reason"], each["n"], each["share"]) for each in made["by_reason"]]
    moves = [(each["from"], each["to"], each["n"]) for each in made["moves"]]
    channels = [
        (name, each["cycles"], *(each[key] for key in _SHARE))
        for name, each in document["contacts"].items()
    ]
    standing = [tuple(cell[key] for key in _CELL) for cell in document["portfolio"]["cells"]]
    matrix = [
        (start, end, n)
        for start, counts in zip(rolls["from"], rolls["counts"], strict=True)
        for end, n in zip(rolls["to"], counts, strict=True)
    ]
    return {
        "decisions": Listed(("what", "n"), list(document["decisions"].items())),
        "portfolio": Listed(_CELL, standing),
        "groups": _figures(document),
        "money": _money(document),
        "contacts": Listed(("channel", "cycles", *_SHARE), channels),
        "rolls": Listed(("from", "to", "n"), matrix),
        "rules": Listed(("rule", "n", "share"), rules),
        "overrides": Listed(("reason", "n", "share"), reasons),
        "override_moves": Listed(("from", "to", "n"), moves),
        "visits": Listed(("what", "n"), list(visits.items())),
    }


def write_tables(document: dict[str, Any], folder: Path) -> None:
    """Write each table as `<name>.csv`."""
    for name, table in listed(document).items():
        write_csv(folder / f"{name}.csv", table.columns, table.rows)


def _figures(document: dict[str, Any]) -> Listed:
    """A row of figures for each group; empty where a table that they ask for is not there."""
    parts = (
        ("cure", (*_SHARE, "too_few")),
        ("days_to_cure", _DAYS),
        ("contacts", _CONTACTS),
        ("reach", _SHARE),
        ("promises", (*_SHARE, *_UNDUE)),
    )
    names = tuple(f"{part}_{key}" for part, keys in parts for key in keys)
    rows: list[tuple[Cell, ...]] = []
    for dimension, name, group in groups(document):
        figures = [(group[part] or {}).get(key) for part, keys in parts for key in keys]
        without = [group["cure"]["without"][key] for key in _WITHOUT]
        rows.append((dimension, name, group["cycles"], group["accounts"], *without, *figures))
    return Listed(("by", "group", "cycles", "accounts", *_WITHOUT, *names), rows)


def _money(document: dict[str, Any]) -> Listed:
    rows: list[tuple[Cell, ...]] = [
        (dimension, name, currency, *(figures[key] for key in _MONEY))
        for dimension, name, group in groups(document)
        for currency, figures in (group["money"] or {}).items()
    ]
    return Listed(("by", "group", "currency", *_MONEY), rows)
