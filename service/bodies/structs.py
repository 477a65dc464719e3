"""The bodies of requests as msgspec structs: the same fields, derived from the same columns.

A struct is decoded from JSON many times faster than its pydantic body. It holds to all that
msgspec can say of a column; service.bodies.decoding checks the rest.
"""

from datetime import date
from functools import cache
from types import NoneType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from pydantic.fields import FieldInfo

from features.tables import ID_LENGTH, TEXT_LENGTH, Column
from service.bodies.columns import Cell
from service.bodies.schemas import Body


@cache
def struct_of(body: type[Body]) -> type[msgspec.Struct]:
    """The struct with the fields of `body`, in their order.

    What is optional is None where it is null or left out, and left out where it is encoded.
    Instants are texts of the right length: whoever decodes reads them and puts them back.
    """
    hints = get_type_hints(body, include_extras=True)
    fields: list[Any] = [
        (name, _type(hints[name])) if field.is_required() else (name, _type(hints[name]), None)
        for name, field in body.model_fields.items()
    ]
    # No body holds a cycle: the collector need not look at ten thousand rows.
    return msgspec.defstruct(
        body.__name__,
        fields,
        kw_only=True,
        forbid_unknown_fields=True,
        omit_defaults=True,
        gc=False,
        module=__name__,
    )


def _type(hint: Any) -> Any:
    """The type that msgspec decodes for a hint of a body."""
    if hint is NoneType:
        return None
    if isinstance(hint, type) and issubclass(hint, Body):
        return struct_of(hint)
    arguments = get_args(hint)
    origin = get_origin(hint)
    if origin is list:
        return list[_type(arguments[0])]  # type: ignore[misc]
    if origin is not Annotated:
        return Union[tuple(map(_type, arguments))]  # noqa: UP007  (of types known only now)
    inner, annotation = arguments[0], arguments[1]
    if isinstance(annotation, Cell):
        return _cell(annotation.column)
    return Annotated[_type(inner), _lengths(annotation)]


def _lengths(field: FieldInfo) -> msgspec.Meta:
    names = ("min_length", "max_length")
    bounds = {name: getattr(p, name) for p in field.metadata for name in names if hasattr(p, name)}
    return msgspec.Meta(**bounds)


def _cell(column: Column) -> Any:
    low, high = column.minimum, column.maximum
    match column.kind:
        case "money":
            floor = {"ge": low} if low == 0 else {"gt": low}
            return Annotated[float, msgspec.Meta(lt=high, **floor)]
        case "number":
            return Annotated[float, msgspec.Meta(ge=low, le=high)]
        case "count":
            whole = [None if bound is None else int(bound) for bound in (low, high)]
            return Annotated[int, msgspec.Meta(ge=whole[0], le=whole[1])]
        case "flag":
            return bool
        case "code":
            return Literal[column.codes]
        case "date":
            return date
        case "instant":  # 2026-03-31T14:05:00Z up to six decimals and an offset
            return Annotated[str, msgspec.Meta(min_length=20, max_length=32)]
        case "id":
            return Annotated[str, msgspec.Meta(min_length=1, max_length=ID_LENGTH)]
        case "text":
            return Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_LENGTH)]
