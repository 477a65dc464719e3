"""Bodies that tell one thing, or a list of them."""

from collections.abc import Callable
from typing import Any, TypeVar

from service.bodies.between import Path
from service.bodies.jsonbody import parse
from service.errors import ERRORS_SHOWN, FieldError, ProblemError, invalid

Told = TypeVar("Told")


def each_of(content: bytes, most: int, noun: str, read: Callable[[Any, Path], Told]) -> list[Told]:
    """What `read` makes of the value, or of each in the list, and of the path that leads there.

    ProblemError for what it raises of any of them, all told together, and for a list of none or of
    more than `most`.
    """
    value = parse(content)
    many = isinstance(value, list)
    sent = value if many else [value]
    if not 1 <= len(sent) <= most:
        remedy = f"Send one {noun}, or a list of 1 to {most:,} of them."
        raise invalid([FieldError("", f"is not as many {noun}s as a list may have", remedy)])
    every: list[Told] = []
    errors: list[FieldError] = []
    for i, each in enumerate(sent):
        if len(errors) > ERRORS_SHOWN:  # no more are told
            break
        try:
            every.append(read(each, (i,) if many else ()))
        except ProblemError as problem:
            errors += problem.errors
    if errors:
        raise invalid(errors)
    return every
