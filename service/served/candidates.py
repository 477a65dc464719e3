"""What may come to be served, before and after it has been verified."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from service.served.published import Kind, What


class Candidate(NamedTuple):
    """A part that may come to be served: its name and version, its digests, and where it lies.

    `signature` is the text of the one that came with it, if any did.
    """

    name: str
    digests: str
    folder: Path
    signature: str | None = None


TARGETS: frozenset[What] = frozenset({"cure", "early_warning"})

Parts = Mapping[What, Candidate]


class Verdict(NamedTuple):
    """The parts that may be served together, and of those refused at which step and why."""

    parts: dict[What, Candidate]
    refused: dict[What, tuple[Kind, str]]
