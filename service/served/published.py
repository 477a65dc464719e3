"""What is published in the cache: the generation that all workers follow, and what was looked at.

Both files are written by the one process that watches the registry, and appear whole.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.served.folders import content_sha256
from service.served.whole import read_whole, write_whole

What = Literal["cure", "early_warning", "policy", "challenger"]
Kind = Literal["fetch", "signature", "unsound", "unfit", "absent", "ended", "load"]

SERVED, WATCHED = "served.json", "watched.json"


class Part(BaseModel):
    """One part of a generation: its name and version, and its folder in the cache.

    `content` is the `content_sha256` of the folder: where that is another, the folder is damaged.
    `signature` is the text of the one that came with it, if any did.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    folder: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    content: str
    signature: str | None = None


class Published(BaseModel):
    """A verified generation; `sequence` is 1 more than that of the one before.

    No part `policy`: the packaged one. No part `challenger`: none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    sequence: int = Field(ge=1)
    at: AwareDatetime
    parts: dict[What, Part]

    @classmethod
    def read(cls, cache: Path) -> Self | None:
        """The one in force; None where none was published, or what is there cannot be read."""
        return read_whole(cls, cache / SERVED)

    def write(self, cache: Path) -> None:
        """Put it in force."""
        write_whole(cache / SERVED, self, durable=True)


class Refused(BaseModel):
    """What is not served: its name and version, at which step it failed, why, and since when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    what: str
    kind: Kind
    why: str
    since: AwareDatetime


class Watched(BaseModel):
    """When the registry was last looked at, whether it answered, and what of it is refused.

    `problem` says why it did not answer; `published` and `refusals` count since the first start.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    looked_at: AwareDatetime | None = None
    answers: bool = False
    problem: str | None = None
    refused: tuple[Refused, ...] = ()
    published: int = 0
    refusals: dict[Kind, int] = {}

    @classmethod
    def read(cls, cache: Path) -> Self | None:
        """As it was last written; None where nobody has looked, or it cannot be read."""
        return read_whole(cls, cache / WATCHED)

    def write(self, cache: Path) -> None:
        """Tell it."""
        write_whole(cache / WATCHED, self, durable=False)  # the next look tells it anew


def is_whole(cache: Path, part: Part) -> bool:
    """Whether the folder of the part is as it was when it was published."""
    try:
        return content_sha256(cache / part.folder) == part.content
    except OSError:
        return False
