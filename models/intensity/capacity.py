"""How much of each resource there is: read from a TOML file that names it per day.

```toml
[per_day]
agent_minutes = 3430
letters = 200
visits = 10
```

A resource that the file leaves out has no limit.
"""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from features.clock import CYCLE_DAYS
from features.errors import InputError
from models.document import content_of, document_of
from models.intensity.ladder import RESOURCES
from models.intensity.numbers import Floats
from models.intensity.paths import toml_path

_MOST = 1e12  # more than any bank has: beyond it sums lose units
_Amount = Annotated[float, Field(ge=0, le=_MOST, strict=True, allow_inf_nan=False)]

_KNOWN = ", ".join(RESOURCES)
_WRITE = f"Write a table [per_day] with amounts of any of {_KNOWN}; one left out has no limit."


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PerDay(_Part):
    """Amounts per calendar day, all accounts together; None: no limit."""

    agent_minutes: _Amount | None = None
    letters: _Amount | None = None
    visits: _Amount | None = None


class Capacity(_Part):
    """How much of each resource there is."""

    per_day: PerDay

    @property
    def per_cycle(self) -> Floats:
        """Amounts per cycle, in the order of RESOURCES; inf where there is no limit."""
        amounts = [getattr(self.per_day, resource) for resource in RESOURCES]
        return np.array([np.inf if each is None else each * CYCLE_DAYS for each in amounts])


def read_capacity(path: Path) -> Capacity:
    """The capacity in a TOML file.

    Raises InputError for a file that cannot be read, and for the first of its mistakes.
    """
    try:
        capacity = Capacity.model_validate(document_of(content_of(path, "capacity"), str(path)))
    except ValidationError as error:
        # What is missing may be there under a mistaken name, which then is the mistake.
        first = min(error.errors(), key=lambda detail: detail["type"] == "missing")
        raise _mistake(path, first) from error
    if not capacity.per_day.model_fields_set:
        raise InputError(f"{path}: per_day", "names no resource", _WRITE)
    return capacity


def _mistake(path: Path, detail: ErrorDetails) -> InputError:
    where = f"{path}: {toml_path(detail['loc'])}"
    if detail["type"] == "missing":
        return InputError(where, "is missing", _WRITE)
    if detail["type"] == "model_type":
        return InputError(where, "should be a table", _WRITE, detail["input"])
    if detail["type"] != "extra_forbidden":
        problem = detail["msg"].replace("Input should", "should", 1)
        remedy = "Correct it: the amount per day, all accounts together."
        return InputError(where, problem, remedy, detail["input"])
    key = str(detail["loc"][-1])
    if key in RESOURCES:
        return InputError(where, "stands outside of [per_day]", f"Move it there. {_WRITE}")
    near = get_close_matches(key, RESOURCES if len(detail["loc"]) > 1 else ["per_day"], n=1)
    remedy = f"Did you mean {near[0]}? {_WRITE}" if near else _WRITE
    return InputError(where, "is not known", remedy)
