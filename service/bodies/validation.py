"""Checking what came in: the schema's bounds first, then what holds between fields."""

from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from service.bodies.between import Path
from service.bodies.changes import CHANGES_COLUMNS, PricesBody
from service.bodies.columns import remedy
from service.bodies.happened import EVENT_COLUMNS
from service.bodies.overrides import OVERRIDE_COLUMNS
from service.bodies.schemas import (
    BATCH_MAX,
    COLUMNS,
    EVENTS_MAX,
    LISTS,
    STATEMENTS_MAX,
    AccountBody,
    Body,
    ContactBody,
    PaymentBody,
    PlanBody,
    StatementBody,
)
from service.bodies.visits import VISIT_COLUMNS
from service.errors import FieldError, invalid, pointer, shown

AnyBody = TypeVar("AnyBody", bound=Body)

_INNER: dict[tuple[str, ...], type[Body]] = {
    ("account",): AccountBody,
    ("account", "plan"): PlanBody,
    ("prices",): PricesBody,
    ("statements",): StatementBody,
    ("payments",): PaymentBody,
    ("contacts",): ContactBody,
    ("debtor_contacts",): ContactBody,
}
_COLUMNS = COLUMNS | CHANGES_COLUMNS | EVENT_COLUMNS | VISIT_COLUMNS | OVERRIDE_COLUMNS
_PROBLEMS = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
    "finite_number": "is not a finite number",
    "literal_error": "is not one of the codes",
    "model_type": "is not an object",
    "model_attributes_type": "is not an object",
    "list_type": "is not a list",
    "string_type": "is not a text",
    "float_type": "is not a number",
    "int_type": "is not a whole number",
    "bool_type": "is not true or false",
}
_EVENTS = f"Send a list of up to {EVENTS_MAX:,}, or null where they are not known."
_REMEDIES = {
    "account": "Send the account as an object.",
    "plan": "Send the plan as an object, or null where there is none.",
    "statements": f"Send a list of 1 to {STATEMENTS_MAX} statements.",
    "payments": _EVENTS,
    "contacts": _EVENTS,
    "debtor_contacts": _EVENTS,
    "changes": "Send the changes as an object; /docs shows its fields.",
    "prices": "Send the price of each resource that is to have another, as an object.",
    "without_rules": "Send a list of the ids of rules.",
    "items": f"Send a list of 1 to {BATCH_MAX:,} items.",
    "text": "Send a text of printable characters on one line; /docs tells how long it may be.",
    "cursor": "Send the next_cursor of the page before, or leave it out.",
}


def read(schema: type[AnyBody], value: Any, base: Path = ()) -> AnyBody:
    """`value` as a body of that schema; ProblemError `validation` lists what is wrong.

    `base` is the path that leads to `value` in what was sent.
    """
    try:
        return schema.model_validate(value)
    except ValidationError as failure:
        details = failure.errors(include_url=False)
        raise invalid([_field_error(schema, detail, base) for detail in details]) from None


def _field_error(schema: type[Body], detail: ErrorDetails, base: Path) -> FieldError:
    path = detail["loc"]
    kind = detail["type"]
    owner = _owner(schema, path[:-1])
    name = str(path[-1]) if path else ""
    problem = _PROBLEMS.get(kind) or (detail["msg"] if kind == "cell" else _lowered(detail["msg"]))
    value = None if kind == "missing" else shown(detail["input"])
    return FieldError(pointer(base + path), problem, _remedy(owner, kind, name, detail), value)


def _lowered(message: str) -> str:
    """pydantic's sentence ("Input should be …") as the rest of ours."""
    return message.replace("Input should", "should").replace("List should", "should")


def _owner(schema: type[Body], path: Path) -> type[Body] | None:
    """The schema of the object that `path` leads to; None where it leads to a list."""
    if path and isinstance(path[-1], str) and path[0] in LISTS:
        return None
    names = tuple(part for part in path if isinstance(part, str))
    return _INNER.get(names) if names else schema


def _remedy(owner: type[Body] | None, kind: str, name: str, detail: ErrorDetails) -> str:
    given = detail.get("ctx", {}).get("remedy")
    if given is not None:
        return str(given)
    if owner is not None and kind == "extra_forbidden":
        return _other_names(owner, name)
    column = _COLUMNS.get(owner, {}).get(name) if owner is not None else None
    if column is not None:
        return remedy(column)
    return _REMEDIES.get(name, "Send an object; /docs shows its fields.")


def _other_names(owner: type[Body], name: str) -> str:
    names = list(owner.model_fields)
    near = get_close_matches(name[:64], names, n=1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Known fields: {', '.join(names)}."
