"""What every report is: a document of a kind, of which its shape names what pages show."""

from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0)]
Unit = Annotated[float, Meta(ge=0, le=1)]  # a share, or a probability
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Instant = Annotated[datetime, Meta(tz=True)]


class Shape(Struct, frozen=True):
    """Part of a report; what a document has beside is kept, and not read.

    What is added to a shape later has a default: reports that were published before stay
    readable.
    """


class Report(Shape, frozen=True):
    """A whole report."""

    kind: ClassVar[str]
