"""The form of what is supposed, as it is laid out: fields with their labels, values and errors."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from features.tables import DAYS_PAST_DUE_BOUND, FLAGS
from models.score.reasons import Language
from service.review import formats
from service.review.forms import Form
from service.review.labels.catalogue import LABELS
from service.review.what_if.typed import (
    ACCOUNT,
    ALIKE,
    NEW_AMOUNT,
    NEW_AT,
    STATEMENT,
    Body,
    Supposed,
    agreed,
    altered_fields,
    last_payments,
    newest_of,
)

# Labels of the fields that the form shares with other pages; the others have their own.
_SHARED = {"past_due_amount": "past_due", "balance": "balance", "days_past_due": "days_past_due"}
# What a field takes, by its name in the account or the statement.
_TAKES = {"days_past_due": "days", "past_due_amount": "past_due", "balance": "signed"}


class Field(NamedTuple):
    """One field: its name and id in the form, its label, its value, and what is wrong with it."""

    name: str
    label: str
    value: str
    wrong: str | None
    hint: str | None = None

    @property
    def id(self) -> str:
        """Its id on the page."""
        return self.name.replace(".", "-")


class Box(NamedTuple):
    """A box that is ticked or not."""

    name: str
    label: str
    ticked: bool


class Altered(NamedTuple):
    """A figure that is supposed, as recorded and as it is supposed to be."""

    label: str
    before: str
    after: str
    carried: bool


def form_view(
    body: Body, typed: Form, at_fault: Collection[str], language: Language
) -> dict[str, Any]:
    """The form with what was typed; `at_fault` names the fields that were refused."""
    newest = body["statements"][newest_of(body)]
    shared = agreed(body)

    def field(name: str, label: str, takes: str, hint: str | None = None) -> Field:
        wrong = _wrong(takes, body, language) if name in at_fault else None
        return Field(name, label, typed.get(name, ""), wrong, hint)

    def fields(prefix: str, names: Iterable[str]) -> list[Field]:
        return [
            field(
                f"{prefix}.{name}",
                _label(name, language),
                _TAKES.get(name, "amount"),
                _apart(name, shared, language) if prefix == "statement" else None,
            )
            for name in names
        ]

    return {
        "account": fields("account", ACCOUNT),
        "alike": _alike(shared, typed, language),
        "flags": [
            Box(f"flag.{flag}", LABELS[f"flag_{flag}"].of(language), f"flag.{flag}" in typed)
            for flag in FLAGS
        ],
        "statement": fields("statement", STATEMENT),
        "statement_day": formats.day(newest["statement_date"], language),
        "payments": [
            field(each.field, _payment_label(each.row, language), "amount")
            for each in last_payments(body)
        ],
        "payments_known": body.get("payments") is not None,
        "new_amount": field(NEW_AMOUNT, LABELS["what_if_amount"].of(language), "amount"),
        "new_at": field(NEW_AT, LABELS["what_if_at"].of(language), "at"),
    }


def altered_view(body: Body, made: Supposed, language: Language) -> list[Altered]:
    """What is supposed, figure by figure."""
    currency = body["account"]["currency"]
    day = formats.day(body["statements"][newest_of(body)]["statement_date"], language)
    rows = {each.field: each.row for each in last_payments(body)}

    def label(place: str) -> str:
        kind, _, name = place.partition(".")
        if kind == "flag":
            return LABELS[f"flag_{name}"].of(language)
        if kind == "account":
            return _label(name, language)
        if kind == "statement":
            statement = LABELS["what_if_statement"].of(language).format(day=day)
            return f"{statement}: {_label(name, language)}"
        if place == NEW_AMOUNT:
            return LABELS["what_if_new_payment"].of(language)
        return _payment_label(rows[place], language)

    def value(place: str, told: Any) -> str:
        if isinstance(told, bool):
            return LABELS["yes" if told else "no"].of(language)
        if told is None and place in rows:
            return LABELS["what_if_left_out"].of(language)
        if place.endswith("days_past_due"):
            return formats.number(told, language)
        return formats.money(told, language, currency)

    return [
        Altered(
            label(place),
            value(place, before),
            value(place, after),
            place.startswith("statement.") and place.partition(".")[2] in made.carried,
        )
        for place, before, after in altered_fields(body, made)
    ]


def _label(name: str, language: Language) -> str:
    return LABELS[_SHARED.get(name, f"what_if_{name}")].of(language)


def _payment_label(row: Body, language: Language) -> str:
    at = formats.instant(row["received_at"], language)
    label = LABELS["what_if_payment_of"].of(language).format(at=at)
    return f"{label} ({LABELS['what_if_taken_back'].of(language)})" if row["reversed"] else label


def _alike(shared: Collection[str], typed: Form, language: Language) -> Box | None:
    """The box that alters the statement with the account; None where they agree on nothing."""
    if not shared:
        return None
    name = "both" if len(shared) > 1 else next(iter(shared))
    return Box(ALIKE, LABELS[f"what_if_alike_{name}"].of(language), ALIKE in typed)


def _apart(name: str, shared: Collection[str], language: Language) -> str | None:
    """Why a figure of the statement is not altered with the account's."""
    if name not in ("days_past_due", "balance") or name in shared:
        return None
    return LABELS["what_if_apart"].of(language)


def _wrong(takes: str, body: Body, language: Language) -> str:
    """What a field takes."""
    zone = ZoneInfo(body["account"]["timezone"])  # the field's own
    as_of = datetime.fromisoformat(body["as_of"]).astimezone(zone).isoformat()
    at = formats.instant(as_of, language)
    most = formats.number(DAYS_PAST_DUE_BOUND, language)
    return LABELS[f"what_if_wrong_{takes}"].of(language).format(at=at, most=most)
