"""The mistakes of a policy file, each with its place in the file and its remedy."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails, ValidationError

from features.errors import InputError
from models.intensity.paths import toml_path

Schema = Mapping[str, Any]

# Where pydantic would speak of Python's types to somebody who writes TOML.
_KINDS = {
    "tuple_type": "should be a list",
    "dict_type": "should be a table",
    "model_type": "should be a table",
    "dataclass_type": "should be a table",
}
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_MISSING = ("missing", "missing_argument")
# Holds the key of the draws, which may stand anywhere in it where it is malformed.
_UNQUOTED = "exploration"
_OF_KEY = "[key]"  # last step of pydantic's path to a key that is none of the allowed ones


class PolicyError(InputError):
    """A policy file that cannot be used; `mistakes` holds each of them."""

    LISTED = 100  # lines in the message; `mistakes` is complete

    def __init__(self, where: str, mistakes: Sequence[InputError]) -> None:
        self.mistakes = tuple(mistakes)
        lines = [str(mistake) for mistake in self.mistakes[: self.LISTED]]
        if len(self.mistakes) > self.LISTED:
            lines.append(f"… and {len(self.mistakes) - self.LISTED} more")
        count = f"{len(self.mistakes)} mistake{'' if len(self.mistakes) == 1 else 's'}"
        super().__init__(where, count, "\n  ".join(["Mend each:", *lines]))


def outdated(document: Mapping[str, Any]) -> InputError | None:
    """The one mistake of a file in the layout before this one; None for any other file.

    Every part that has come or gone since would be a mistake of its own and hide what to do.
    """
    version = document.get("schema_version")
    if type(version) is not int or version != 1:
        return None
    return InputError(
        "schema_version",
        "is of a layout that is no longer read: it is 2 now",
        "Copy the packaged policy and carry your numbers over. The part table is gone: the level "
        "follows from value, cost and the response to contact. In the ladder, channels became "
        "contacts_per_week, with unit_cost and use_per_week. New are advisory_rules, currencies, "
        "value, response and treatment.",
        version,
    )


def explained(error: ValidationError, schema: Schema) -> list[InputError]:
    """Each field that failed validation, with the remedy read from the field's own schema.

    Errors of the document as a whole (an empty path) are left out: `checks.check` names them.
    """
    details = [detail for detail in error.errors() if detail["loc"]]
    return [_explained(detail, schema) for detail in details if not _follows(detail, schema)]


def _follows(detail: ErrorDetails, schema: Schema) -> bool:
    """Whether something is only called short because entries of it are wrong, named themselves."""
    if detail["type"] != "too_short":
        return False
    part, entries = _at(schema, detail["loc"]), len(detail["input"])
    least = part.get("minItems", part.get("minProperties", 0))
    return bool(least <= entries <= part.get("maxItems", entries))


def _explained(detail: ErrorDetails, schema: Schema) -> InputError:
    path = detail["loc"]
    if path[-1] == _OF_KEY:
        return _unknown(path[:-1], schema, "cannot stand here")
    if detail["type"] in _UNKNOWN:
        return _unknown(path, schema, "is not a field of the policy")
    part = _at(schema, path)
    where, meaning = toml_path(path), part.get("description", "")
    if detail["type"] in _MISSING:
        return InputError(where, "is missing", f"Add it. {meaning}".rstrip())
    value = None if path[0] == _UNQUOTED else detail["input"]
    return InputError(where, _problem(detail, part), f"Correct it. {meaning}".rstrip(), value)


def _problem(detail: ErrorDetails, part: Schema) -> str:
    if detail["type"] in ("too_short", "too_long"):
        entries = len(detail["input"])
        return f"should have {part['minItems']} entries, not {entries}" if entries else "is empty"
    return _KINDS.get(detail["type"]) or detail["msg"].replace("Input should", "should", 1)


def _unknown(path: Sequence[str | int], schema: Schema, problem: str) -> InputError:
    """A key that the file should not have, with the nearest one that it may have there."""
    table, key = _at(schema, path[:-1]), str(path[-1])
    names = [*table.get("properties", {}), *table.get("propertyNames", {}).get("enum", [])]
    near = get_close_matches(key, names, n=1)
    if len(path) > 1 and _at(schema, [key]).get("type") in ("integer", "string"):
        remedy = "It belongs at the top of the file, before the first part in brackets."
    elif near:
        remedy = f"Did you mean {near[0]}? Known here: {', '.join(names)}."
    elif names:
        remedy = f"Remove it, or use: {', '.join(names)}."
    else:
        remedy = f"Correct it. {table.get('description', '')}".rstrip()
    if len(path) > 1 and path[0] == _UNQUOTED:
        return InputError(_UNQUOTED, f"holds a name that {problem}", remedy)
    return InputError(toml_path(path), problem, remedy)


def _at(schema: Schema, path: Sequence[str | int]) -> Schema:
    """The part of a JSON Schema that describes `path`; empty where there is none.

    An entry without a description of its own has that of the list or table that it is in.
    """
    here: Schema = schema
    for step in path:
        around = here.get("description")
        here = _inner(schema, here, step)
        if here and around and "description" not in _resolved(schema, here):
            here = {**here, "description": around}
    # A field's own description goes before that of the type it refers to.
    return {**_resolved(schema, here), **{k: v for k, v in here.items() if k != "$ref"}}


def _inner(schema: Schema, part: Schema, step: str | int) -> Schema:
    fields = _resolved(schema, part)
    if isinstance(step, int):
        found = fields.get("items")
    else:
        found = fields.get("properties", {}).get(step, fields.get("additionalProperties"))
        if not found:
            found = next(iter(fields.get("patternProperties", {}).values()), None)
    return found if isinstance(found, Mapping) else {}


def _resolved(schema: Schema, part: Schema) -> Schema:
    # A part that may be left out is any of its own schema and null.
    reference = part.get("$ref") or part.get("anyOf", [{}])[0].get("$ref")
    return schema["$defs"][reference.rsplit("/", 1)[1]] if reference else part
