"""The policy: a validated file that says which contact intensity an account may and should get.

Protections and holds are not in it: they are in `rules`, and no policy can weaken them.
"""

import hashlib
import tomllib
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from features.errors import InputError
from models.intensity.checks import check
from models.intensity.ladder import LEVEL_NAMES, Channel, LevelName, LevelTreatment, level_of
from models.intensity.mistakes import PolicyError, explained
from models.score.tier import TIERS, Tier, TierThresholds
from models.stage import STAGES, Stage

PACKAGED = "policy.toml"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rung(_Frozen):
    """One level of the ladder: by what means, and to what end, contact is made."""

    channels: tuple[Channel, ...] = Field(
        description="Means of contact, preferred first; none at level none."
    )
    treatment: LevelTreatment = Field(description="What the contact is for.")


class Ladder(_Frozen):
    """The levels, 0 to 4."""

    none: Rung = Field(description="Level 0: no contact.")
    remind: Rung = Field(description="Level 1: a reminder in writing.")
    call: Rung = Field(description="Level 2: a call.")
    intensive: Rung = Field(description="Level 3: repeated calls by senior staff, and letters.")
    escalate: Rung = Field(
        description="Level 4: visit, agency or legal step; a person always approves it."
    )


class Bounds(_Frozen):
    """The levels that a stage may get, both included."""

    lowest: LevelName = Field(description="Lowest level of the stage; a protection goes below.")
    highest: LevelName = Field(description="Highest level of the stage.")


class Stages(_Frozen):
    """The bounds of every stage."""

    pre_due: Bounds = Field(description="Bounds while nothing is past due.")
    M1: Bounds = Field(description="Bounds at 1 to 30 days past due.")
    M2: Bounds = Field(description="Bounds at 31 to 60 days past due.")
    M3: Bounds = Field(description="Bounds at 61 to 90 days past due.")
    M4_plus: Bounds = Field(alias="M4+", description="Bounds at over 90 days past due.")


class Row(_Frozen):
    """The level of each tier within one stage."""

    low: LevelName = Field(description="Level for low risk.")
    medium: LevelName = Field(description="Level for medium risk.")
    high: LevelName = Field(description="Level for high risk.")
    doubtful: LevelName = Field(description="Level for doubtful accounts.")


class Table(_Frozen):
    """The level of every stage and tier."""

    pre_due: Row = Field(description="Levels while nothing is past due.")
    M1: Row = Field(description="Levels at 1 to 30 days past due.")
    M2: Row = Field(description="Levels at 31 to 60 days past due.")
    M3: Row = Field(description="Levels at 61 to 90 days past due.")
    M4_plus: Row = Field(alias="M4+", description="Levels at over 90 days past due.")


def _whole(value: object) -> object:
    """A literal alone would take true and 1.0 for the 1 that they equal."""
    if type(value) is not int:
        raise PydanticCustomError("int_type", "Input should be the whole number 1")
    return value


class Policy(_Frozen):
    """A policy whose parts agree with one another: what does not cannot be made."""

    schema_version: Annotated[Literal[1], BeforeValidator(_whole)] = Field(
        description="Version of this file's layout: 1."
    )
    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="Name shown in every decision: letters, digits, dot, dash, underscore.",
    )
    valid_days: int = Field(
        ge=1, le=31, strict=True, description="Days a decision stays valid: 1 to 31."
    )
    promise_grace_days: int = Field(
        ge=0,
        le=14,
        strict=True,
        description="Days after a promise's date on which it still holds: 0 to 14.",
    )
    tiers: TierThresholds = Field(description="Thresholds of the risk tiers.")
    ladder: Ladder = Field(description="The levels of contact intensity.")
    stages: Stages = Field(description="Lowest and highest level of each stage.")
    table: Table = Field(description="The level of each stage and tier, before any rule.")

    _sha256: str | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        mistakes = check(self.model_dump(by_alias=True))
        if mistakes:
            text = "; ".join(str(mistake) for mistake in mistakes)
            raise PydanticCustomError("unsound_policy", "{mistakes}", {"mistakes": text})
        return self

    @property
    def sha256(self) -> str:
        """SHA-256, in hexadecimal, of the bytes of the file that the policy was read from."""
        if self._sha256 is None:
            raise AttributeError("this policy was not read from a file: it has no SHA-256")
        return self._sha256

    @cached_property
    def rungs(self) -> tuple[Rung, ...]:
        """The ladder, by level."""
        return tuple(getattr(self.ladder, name) for name in LEVEL_NAMES)

    @cached_property
    def bounds(self) -> dict[Stage, tuple[int, int]]:
        """Lowest and highest level of each stage."""
        stages = self.stages.model_dump(by_alias=True)
        return {
            stage: (level_of(stages[stage]["lowest"]), level_of(stages[stage]["highest"]))
            for stage in STAGES
        }

    @cached_property
    def levels(self) -> dict[tuple[Stage, Tier], int]:
        """Stage and tier → level, before any protection or hold."""
        table = self.table.model_dump(by_alias=True)
        return {(stage, tier): level_of(table[stage][tier]) for stage in STAGES for tier in TIERS}


def load_policy(path: Path | None = None) -> Policy:
    """The policy in a TOML file; None means the packaged one.

    Raises InputError for a file that cannot be read, and PolicyError, an InputError that
    lists every mistake, for one that is not a sound policy.
    """
    return parse_policy(policy_content(path), PACKAGED if path is None else str(path))


def policy_content(path: Path | None = None) -> bytes:
    """The bytes of a policy file, which need not be sound; None means the packaged one.

    Raises InputError for a file that cannot be read.
    """
    if path is None:
        return (files("models.intensity") / PACKAGED).read_bytes()
    try:
        return path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise InputError(str(path), problem, "Name a readable policy file.") from error


def parse_policy(content: bytes, where: str) -> Policy:
    """The policy that the bytes of a TOML file hold; `where` names it in errors."""
    document = _document(content, where)
    try:
        policy = Policy.model_validate(document)
    except ValidationError as error:
        fields = explained(error, Policy.model_json_schema(by_alias=True))
        raise PolicyError(where, [*fields, *check(document)]) from error
    policy._sha256 = hashlib.sha256(content).hexdigest()
    return policy


def _document(content: bytes, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 at byte {error.start}"
        raise InputError(where, problem, "Save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        problem = f"is not TOML: {str(error)[: InputError.SHOWN]}"
        raise InputError(where, problem, "Correct the file there.") from error
    except RecursionError as error:
        raise InputError(where, "is nested too deeply", "Write it as documented.") from error
