"""Promotions: who made which version champion, when and on what grounds."""

import getpass
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from features.errors import InputError

Action = Literal["first", "promote", "rollback", "challenge", "sign"]

TAG = "promotion."  # and the instant: one tag of the registered model for each move
LONGEST_REASON = 500
# MLflow's database column of a registered model's tag; SQLite alone would take more.
LONGEST_TAG = 5_000


@dataclass(frozen=True)
class Grounds:
    """Why the champion is moved.

    `forced` says that the gate had refused it; `checks` are the gate's outcomes, as JSON.
    """

    reason: str | None = None
    forced: bool = False
    checks: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        if self.reason is not None and len(self.reason) > LONGEST_REASON:
            raise InputError(
                "--reason",
                f"has {len(self.reason)} characters, more than {LONGEST_REASON}",
                "Give the reason in short, and where the rest can be read.",
            )


def tag_of(
    action: Action, former: int | None, version: int, grounds: Grounds, key: str | None = None
) -> tuple[str, str]:
    """Key and value of the tag that records a move of the champion, by this user and now.

    `key` is the one that signed the version, if any did.
    """
    at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    document = {
        "at": at,
        "who": _user(),
        "action": action,
        "from": former,
        "to": version,
        "signed_by": key,
        "forced": grounds.forced,
        "reason": grounds.reason,
        "checks": list(grounds.checks),
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if len(text) > LONGEST_TAG:
        raise ValueError(f"a record of {len(text)} characters does not fit into a tag")
    return f"{TAG}{at}", text


def recorded(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """The moves among a registered model's tags, oldest first."""
    return [json.loads(text) for key, text in sorted(tags.items()) if key.startswith(TAG)]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        return f"uid {os.getuid()}"
