"""The manifest of a nightly run: all that its decisions depend on, fixed when it begins."""

from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from features.errors import InputError
from models.durable import whole_file
from models.intensity.rules.version import RULES_VERSION

SCHEMA = 1
MANIFEST = "run.json"

# What the bytes of a decision, or of its file, depend on beside data, models and policy.
LIBRARIES = ("lightgbm", "numpy", "pyarrow", "tzdata")


class RunError(Exception):
    """A run that cannot go on now; what it has done is kept."""


class Served(BaseModel):
    """A bundle of the run: the name it was served under, its folder in the run, its digest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    folder: str
    bundle_sha256: str


class Challenging(BaseModel):
    """The challenger of the run, and the estimate that it came with, if any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    sha256: str
    estimate_sha256: str | None


class Manifest(BaseModel):
    """What a run says of itself.

    `estimate_sha256` is that of the estimate that the policy came with, None: it had none.
    `reasons` is how many each decision keeps (None: all), `chunk` the accounts of each file,
    `table_limit` bounds the tables of explanations in bytes: those of LightGBM itself differ in
    their last digits. `capacity` is how much of each resource there is a day (None: it is not
    looked at; a resource without an amount has no limit). `record`: decisions go to the decision
    log too. `inputs` is the SHA-256 of each file that was read, `versions` those of the code, the
    rules and the libraries that matter.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: int = SCHEMA
    run_id: UUID
    decided_at: datetime
    as_of: datetime
    reasons: int | None
    chunk: int
    table_limit: int
    models: tuple[Served, ...]
    policy: str
    policy_sha256: str
    estimate_sha256: str | None = None
    challenger: Challenging | None = None
    capacity: dict[str, float | None] | None = None
    record: bool = False
    versions: dict[str, str]
    inputs: dict[str, str]


def versions() -> dict[str, str]:
    """Versions, as a run that began now would name them."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {"code": version("curescore"), "rules": RULES_VERSION, **libraries}


def write_manifest(out: Path, manifest: Manifest) -> None:
    """Write the manifest into the run's folder."""
    with whole_file(out / MANIFEST) as part:
        part.write_text(manifest.model_dump_json(indent=1) + "\n")


def read_manifest(out: Path) -> Manifest:
    """The manifest of the run in `out`; InputError where it is none of this version."""
    try:
        return Manifest.model_validate_json((out / MANIFEST).read_text())
    except (ValidationError, UnicodeDecodeError):
        raise InputError(
            str(out / MANIFEST), "is not the manifest of a run", "Name a new folder for the run"
        ) from None


def check_unchanged(
    manifest: Manifest,
    as_of: datetime | None,
    reasons: int | None,
    chunk: int,
    capacity: dict[str, float | None] | None,
    record: bool,
    inputs: dict[str, str],
) -> None:
    """Refuse to go on with a run on other terms than it began; InputError names each change.

    `as_of` None leaves it as it is. The bundles and the policies are the run's own copies.
    """
    changes = [
        f"{name} was {was}, is {now}"
        for name, was, now in (
            ("--as-of", manifest.as_of, as_of or manifest.as_of),
            ("--reasons", manifest.reasons, reasons),
            ("--chunk", manifest.chunk, chunk),
            ("--capacity", manifest.capacity, capacity),
            ("--record", manifest.record, record),
            *_differences(manifest.versions, versions()),
            *_differences(manifest.inputs, inputs),
        )
        if was != now
    ]
    if changes:
        raise InputError(
            "--out",
            "holds a run that began otherwise: " + "; ".join(changes),
            "Put that back and start again to go on with it, or name a new folder",
        )


def _differences(was: dict[str, str], now: dict[str, str]) -> list[tuple[str, str, str]]:
    names = sorted(was.keys() | now.keys())
    return [(name, was.get(name, "absent")[:12], now.get(name, "absent")[:12]) for name in names]
