"""The plan of a nightly run: the prices of resources, and the level of every account it weighed.

A folder of JSON and .npy files that run no code: `plan.json` tells what the plan was made of and
the SHA-256 of the others; `keys.npy` holds fingerprints of accounts and what was known of them,
ascending, `levels.npy` their levels. An account whose fingerprint is the same still has the same
inputs, and so the same level. What the fingerprints are salted with is told, so that a service
that decides by other models, another policy or other rules can see that the plan is not its own.
"""

import hashlib
import re
import shutil
import tempfile
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.tables import MONEY_BOUND
from models.durable import sync
from models.intensity.ladder import LEVELS, RESOURCES, Resource
from models.intensity.numbers import Floats
from models.score.manifest import sha256_of
from models.target import Target

PLAN, KEYS, LEVELS_FILE = "plan.json", "keys.npy", "levels.npy"

_MOMENT = "%Y%m%dT%H%M%S.%fZ"
_MODE = 0o755  # mkdtemp's own keeps everybody else out
_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-.+")
_REMEDY = "make the plan anew by a nightly run with a capacity, or take the folder away"
_DIGEST = r"^[0-9a-f]{64}$"
_SHA256 = Field(pattern=_DIGEST)

Keys = NDArray[np.uint64]
PlanLevels = NDArray[np.uint8]


class PlanError(Exception):
    """A plan that must not be used: what is wrong, and how to mend it."""


class Terms(BaseModel):
    """What a plan was made of, and what came of it: amounts by resource, each of RESOURCES named.

    Prices, value and bound are in the policy's unit; a price is for one unit of its resource.
    `capacity` and `use` are per day, no capacity: no limit. `keeps_minimum` is False where the
    capacity was too little for the lowest levels of the stages, so that accounts went below.
    `currencies` is what 1 of the policy's unit was in each currency; `bundles` names the SHA-256 of
    each target's bundle, `estimate_sha256` is that of the estimate that the policy came with, null
    without; `n` counts the accounts that were weighed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    schema_version: Literal[1] = 1
    run_id: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    as_of: AwareDatetime
    decided_at: AwareDatetime
    prices: dict[Resource, float]
    capacity: dict[Resource, float | None]
    use: dict[Resource, float]
    value: float
    bound: float
    keeps_minimum: bool
    bundles: dict[Target, str]
    policy_sha256: str = _SHA256
    estimate_sha256: str | None = Field(None, pattern=_DIGEST)
    currencies: dict[str, float]
    rules: str
    n: int = Field(ge=0)

    @model_validator(mode="after")
    def _names_every_resource(self) -> Self:
        for part in (self.prices, self.capacity, self.use):
            if set(part) != set(RESOURCES):
                raise ValueError(f"prices, capacity and use name each of {', '.join(RESOURCES)}")
        if min(self.prices.values()) < 0:
            raise ValueError("no price is below 0")
        if max(self.prices.values()) >= MONEY_BOUND:
            raise ValueError(f"no price is {MONEY_BOUND:g} or more")
        return self

    @property
    def name(self) -> str:
        """The name of the plan's folder: plans sort by as_of, those of one by decided_at."""
        moments = (at.astimezone(UTC).strftime(_MOMENT) for at in (self.as_of, self.decided_at))
        return "-".join([*moments, self.run_id])


class _Document(BaseModel):
    """What `plan.json` holds: the terms, and the SHA-256 of each other file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    terms: Terms
    files: dict[str, str]


@dataclass(frozen=True)
class Plan:
    """A verified plan; `sha256`, that of `plan.json`, names it for good."""

    sha256: str
    terms: Terms
    keys: Keys  # ascending, each once
    levels: PlanLevels

    def level_of(self, key: int) -> int | None:
        """The planned level of the account with that fingerprint; None where there is none."""
        keys, levels = self._views
        place = bisect_left(keys, key)
        if place == len(keys) or keys[place] != key:
            return None
        return levels[place]

    @property
    def prices(self) -> Floats:
        """Prices in the order of RESOURCES."""
        return np.array([self.terms.prices[resource] for resource in RESOURCES])

    def prices_in(self, currencies: Mapping[str, float], currency: str) -> Floats:
        """Prices in the unit of a policy that has these currencies, for accounts in `currency`.

        A policy whose unit is another, or whose rates are, has other numbers for the same price.
        """
        then, now = self.terms.currencies.get(currency), currencies[currency]
        return self.prices if then is None else self.prices * (then / now)

    @cached_property
    def _views(self) -> tuple["memoryview[int]", "memoryview[int]"]:
        # A look into a memoryview costs a third of one into an array.
        return self.keys.data, self.levels.data


def write_plan(plans: Path, terms: Terms, keys: Keys, levels: PlanLevels) -> Path:
    """Write a plan into a folder of its own within `plans`, whole or not at all, durably.

    `keys` and `levels` [accounts] are in any order; a key that comes twice with different levels
    is left out. Raises FileExistsError where the plan is already there. Returns its folder.
    """
    plans.mkdir(parents=True, exist_ok=True)
    target = plans / terms.name
    if target.exists():
        raise FileExistsError(f"{target} already holds a plan")
    part = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=plans))
    try:
        part.chmod(_MODE)
        kept, of_kept = _distinct(keys, levels)
        np.save(part / KEYS, kept)
        np.save(part / LEVELS_FILE, of_kept)
        files = {name: sha256_of(part / name) for name in (KEYS, LEVELS_FILE)}
        document = _Document(terms=terms, files=files)
        (part / PLAN).write_text(document.model_dump_json(indent=1) + "\n", encoding="utf-8")
        for path in (*part.iterdir(), part):
            sync(path)
        part.rename(target)
        sync(plans)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def read_plan(folder: Path) -> Plan:
    """The plan in a folder; PlanError where anything is not as it was written."""
    try:
        content = (folder / PLAN).read_bytes()
        document = _Document.model_validate_json(content)
        _check_files(folder, document.files)
        keys, levels = (np.load(folder / name, allow_pickle=False) for name in (KEYS, LEVELS_FILE))
    except OSError as error:
        raise PlanError(f"{folder} cannot be read ({error.strerror}): {_REMEDY}") from error
    except ValidationError as error:
        told = error.errors()[0]
        where = ".".join(str(step) for step in told["loc"])
        raise PlanError(f"{folder / PLAN}: {where} {told['msg']}: {_REMEDY}") from error
    except (ValueError, EOFError) as error:
        raise PlanError(f"{folder} holds arrays that cannot be read: {_REMEDY}") from error
    if not _sound(keys, levels):
        raise PlanError(f"{folder}: keys and levels do not go together: {_REMEDY}")
    return Plan(hashlib.sha256(content).hexdigest(), document.terms, keys, levels)


def latest(plans: Path) -> Path | None:
    """The folder of the newest plan; None: no plan."""
    return next(iter(newest_first(plans)), None)


def newest_first(plans: Path) -> list[Path]:
    """The folders of the plans, by as_of the newest first, of one as_of that decided last."""
    if not plans.is_dir():
        return []
    named = [path for path in plans.iterdir() if _NAME.fullmatch(path.name) and path.is_dir()]
    return sorted(named, key=lambda path: path.name, reverse=True)


def _distinct(keys: Keys, levels: PlanLevels) -> tuple[Keys, PlanLevels]:
    """Keys ascending, each once, with their levels; without those that have several."""
    order = np.argsort(keys, kind="stable")
    keys = np.asarray(keys, dtype=np.uint64)[order]
    levels = np.asarray(levels, dtype=np.uint8)[order]
    if not len(keys):
        return keys, levels
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    lowest = np.minimum.reduceat(levels, first)
    agreed = lowest == np.maximum.reduceat(levels, first)
    return keys[first][agreed], lowest[agreed]


def _check_files(folder: Path, files: Mapping[str, str]) -> None:
    if set(files) != {KEYS, LEVELS_FILE}:
        raise PlanError(f"{folder / PLAN} names other files than it should: {_REMEDY}")
    for name, digest in files.items():
        if sha256_of(folder / name) != digest:
            raise PlanError(f"{folder / name} was changed: {_REMEDY}")


def _sound(keys: Keys, levels: PlanLevels) -> bool:
    return (
        keys.dtype == np.uint64
        and levels.dtype == np.uint8
        and keys.ndim == 1
        and keys.shape == levels.shape
        and bool((keys[1:] > keys[:-1]).all())
        and bool((levels < len(LEVELS)).all())
    )
