"""Bodies to be decided as pydantic alone reads them: what the service's faster way is held to."""

from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from service.bodies.between import Path, between_fields
from service.bodies.schemas import DecisionBody
from service.bodies.validation import read
from service.errors import invalid

AnyDecision = TypeVar("AnyDecision", bound=DecisionBody)


class Checked(NamedTuple):
    """A body that met every check, with the instant it is to be decided at."""

    body: DecisionBody
    as_of: datetime


def read_decision(schema: type[AnyDecision], value: Any, now: datetime, base: Path = ()) -> Checked:
    """A body to be decided; ProblemError `validation` lists what is wrong with it."""
    body = read(schema, value, base)
    as_of = body.as_of or now
    errors = list(between_fields(body, as_of, now, base))
    if errors:
        raise invalid(errors)
    return Checked(body, as_of)
