"""What the registry tells of its models beside what is served, and the documents of their runs.

The process that watches the registry gathers it (service.served.gathering) into the cache, from
where the pages read it: `evidence.json`, and `evidence/RUN/NAME` for the documents.
"""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from service.served.whole import read_whole, write_whole

Action = Literal["first", "promote", "rollback", "challenge", "sign"]
Figure = float | int | str | bool | None

FILE, FOLDER = "evidence.json", "evidence"
POLICY = "policy"  # registered model whose versions are policy folders
# Documents of a run: of a model's, how it did on its test months, and what its figures are drawn
# from; of a policy's, what it would have been worth beside the policy that decided then.
EVALUATION, EXPLAINED, VALUE = "evaluation.json", "explained.json", "policy_value.json"
CURRENT, PROPOSED = "current", "proposed"  # names of the two policies in VALUE
_CHECK = ("check", "figure", "bound", "passed")
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_HELD = 6  # documents that a process holds parsed: those of the champions, mostly


class RegisteredVersion(BaseModel):
    """A registered version; of a policy, `sha256` is that of its file.

    `run_link` is an address for people, None where the registry is no server. `withheld` says
    what kept it from becoming champion by itself. `signed`: it has a signature, unverified.
    `documents` are the names of those that are at hand.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    run_id: str | None
    run_link: str | None
    registered_at: AwareDatetime
    sha256: str | None
    withheld: str | None
    signed: bool
    documents: tuple[str, ...] = ()


class Promotion(BaseModel):
    """A move of champion or challenger, or a signing, as training.promotions recorded it.

    `from_version` is the champion of before (of a `challenge`, the challenger); `sign` moves
    nothing. `signed_by` is the key that the version's signature names. `checks` are the gate's:
    each has `check`, `figure`, `bound` and `passed`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    at: AwareDatetime
    who: str
    action: Action
    from_version: int | None
    to_version: int
    signed_by: str | None
    forced: bool
    reason: str | None
    checks: tuple[dict[str, Figure], ...]

    @field_validator("checks")
    @classmethod
    def _whole(cls, checks: tuple[dict[str, Figure], ...]) -> tuple[dict[str, Figure], ...]:
        if any(each.keys() != set(_CHECK) for each in checks):
            raise ValueError(f"a check has {', '.join(_CHECK)}")
        return checks


class Registered(BaseModel):
    """A registered model: versions that its aliases name, its newest ones, and its moves.

    Versions and promotions are the newest ones, newest first, beside the versions that the
    aliases name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    champion: int | None
    challenger: int | None
    versions: tuple[RegisteredVersion, ...]
    promotions: tuple[Promotion, ...]

    def version(self, number: int | None) -> RegisteredVersion | None:
        """The version of that number, None where it is not among them."""
        return next((each for each in self.versions if each.version == number), None)


class Evidence(BaseModel):
    """What the registry tells, by the names of its models: the targets' and `policy`.

    `at` is when it was first found to tell this.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    at: AwareDatetime
    models: dict[str, Registered]

    @classmethod
    def read(cls, cache: Path) -> Self | None:
        """As it was last gathered; None where it was not, or cannot be read."""
        return read_whole(cls, cache / FILE)

    def write(self, cache: Path) -> None:
        """Let the workers read it."""
        write_whole(cache / FILE, self, durable=False)  # a restart gathers it anew


class Evidences:
    """The evidence in a cache, read anew where it has changed; None: there is no registry."""

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache

    def now(self) -> Evidence | None:
        """What was last gathered; None where nothing was."""
        stamp = None if self._cache is None else _stamp(self._cache / FILE)
        return None if self._cache is None or stamp is None else _read(self._cache, stamp)

    def document(self, run_id: str, name: str) -> dict[str, Any] | None:
        """A document of a run, which nobody may change; None where it is not at hand."""
        return None if self._cache is None else document(self._cache, run_id, name)


def documents_of(name: str) -> tuple[str, ...]:
    """The documents of a run that makes a version of this registered model."""
    return (VALUE,) if name == POLICY else (EVALUATION, EXPLAINED)


def document(cache: Path, run_id: str, name: str) -> dict[str, Any] | None:
    """A document of a run in the cache; None where it is not there, or is no JSON object."""
    path = document_path(cache, run_id, name)
    stamp = None if path is None else _stamp(path)
    return None if path is None or stamp is None else _parsed(path, stamp)


def document_path(cache: Path, run_id: str, name: str) -> Path | None:
    """Where the cache has a document of a run; None for what can be neither run nor document."""
    sound = name in (EVALUATION, EXPLAINED, VALUE) and is_run_id(run_id)
    return cache / FOLDER / run_id / name if sound else None


def is_run_id(text: str) -> bool:
    """Whether it is an id as MLflow gives them to runs."""
    return _RUN_ID.fullmatch(text) is not None


def parsed(content: bytes) -> dict[str, Any] | None:
    """The JSON object in these bytes; None where there is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


_Stamp = tuple[int, int, int]


def _stamp(path: Path) -> _Stamp | None:
    """What tells a file from the one that took its place; None where there is none."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_ino, told.st_size


@lru_cache(maxsize=1)
def _read(cache: Path, _: _Stamp) -> Evidence | None:
    return Evidence.read(cache)


@lru_cache(maxsize=_HELD)
def _parsed(path: Path, _: _Stamp) -> dict[str, Any] | None:
    try:
        return parsed(path.read_bytes())
    except OSError:
        return None
