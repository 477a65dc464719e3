"""The mistakes of a policy file, each with its place in the file and its remedy."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails, ValidationError

from features.errors import InputError
from models.intensity.paths import toml_path

Schema = Mapping[str, Any]

# Where pydantic would speak of Python's types to somebody who writes TOML.
_KINDS = {
    "tuple_type": "should be a list",
    "model_type": "should be a table",
    "dataclass_type": "should be a table",
}


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


def explained(error: ValidationError, schema: Schema) -> list[InputError]:
    """Each field that failed validation, with the remedy read from the field's own schema.

    Errors of the document as a whole (an empty path) are left out: `checks.check` names them.
    """
    return [_explained(detail, schema) for detail in error.errors() if detail["loc"]]


def _explained(detail: ErrorDetails, schema: Schema) -> InputError:
    path = detail["loc"]
    where = toml_path(path)
    if detail["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        names = ", ".join(_at(schema, path[:-1]).get("properties", {}))
        return InputError(where, "is not a field of the policy", f"Remove it, or use: {names}.")
    meaning = _at(schema, path).get("description", "")
    if detail["type"] in ("missing", "missing_argument"):
        return InputError(where, "is missing", f"Add it. {meaning}".rstrip())
    problem = _KINDS.get(detail["type"]) or detail["msg"].replace("Input should", "should", 1)
    return InputError(where, problem, f"Correct it. {meaning}".rstrip(), detail["input"])


def _at(schema: Schema, path: Sequence[str | int]) -> Schema:
    """The part of a JSON Schema that describes `path`; empty where there is none."""
    here = schema
    for step in path:
        fields = _resolved(schema, here)
        found = fields.get("items") if isinstance(step, int) else None
        here = found or fields.get("properties", {}).get(step, {})
    # A field's own description goes before that of the type it refers to.
    return {**_resolved(schema, here), **{k: v for k, v in here.items() if k != "$ref"}}


def _resolved(schema: Schema, part: Schema) -> Schema:
    reference = part.get("$ref")
    return schema["$defs"][reference.rsplit("/", 1)[1]] if reference else part
