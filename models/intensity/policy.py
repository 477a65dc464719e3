"""The policy: a validated file that says which contact intensity an account may and should get.

It may come with an estimate of what contact changes, made from assignments: then both are in one
folder. Protections and holds are not in it: they are in `rules`, and no policy can weaken them.
"""

import hashlib
import os
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from pydantic import PrivateAttr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from features.errors import InputError
from models.decision import ResponseModel
from models.document import content_of, document_of
from models.intensity.checks import check
from models.intensity.estimate import Estimate, load_estimate
from models.intensity.ladder import LEVELS, NONE
from models.intensity.mistakes import PolicyError, explained, outdated
from models.intensity.numbers import Numbers, numbers_of
from models.intensity.sections import Rung, Sections
from models.stage import STAGES

PACKAGED = "policy.toml"
ESTIMATE = "estimate"  # the folder of the estimate, beside the policy file
NO_ESTIMATE = "no_estimate"  # why every effect is assumed where there is no estimate


class Policy(Sections):
    """A policy whose parts agree with one another: what does not cannot be made."""

    _sha256: str | None = PrivateAttr(None)
    _estimate: Estimate | None = PrivateAttr(None)

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

    @property
    def estimate(self) -> Estimate | None:
        """What contact changes as estimated from assignments; None: the policy came without."""
        return self._estimate

    @property
    def estimate_sha256(self) -> str | None:
        """SHA-256 of the estimate that the policy came with; None: it came without."""
        return None if self._estimate is None else self._estimate.sha256

    @cached_property
    def rungs(self) -> tuple[Rung, ...]:
        """The ladder, by level."""
        return self.ladder.rungs

    @cached_property
    def numbers(self) -> Numbers:
        """What compiled code reads of the policy."""
        return numbers_of(self, None if self._estimate is None else self._estimate.estimated)

    @cached_property
    def assumed_because(self) -> tuple[tuple[str | None, ...], ...]:
        """By stage and level the code of why its effect is assumed; None: it is not."""
        return tuple(
            tuple(self._why(stage, level) for level in LEVELS) for stage in range(len(STAGES))
        )

    def _why(self, stage: int, level: int) -> str | None:
        if level == NONE:
            return None
        return NO_ESTIMATE if self._estimate is None else self._estimate.why(stage, level)

    @cached_property
    def response_models(self) -> tuple[ResponseModel, ...]:
        """By stage, whether all that contact may change there is estimated."""
        numbers = self.numbers
        bounds = zip(numbers.lowest.tolist(), numbers.highest.tolist(), strict=True)
        given = [slice(max(lowest, NONE + 1), highest + 1) for lowest, highest in bounds]
        found = [cells[some] for cells, some in zip(numbers.estimated, given, strict=True)]
        return tuple("estimated" if len(f) and f.all() else "assumed" for f in found)

    def rate(self, currency: str) -> float:
        """Units of `currency` that 1 of the policy's amounts is worth.

        Raises InputError for a currency that the policy does not list.
        """
        rate = self.currencies.get(currency)
        if rate is None:
            known = ", ".join(sorted(self.currencies))
            remedy = f"Use one of {known}, or add its rate to [currencies] of the policy file."
            raise InputError("currency", "has no rate in the policy", remedy, currency)
        return float(rate)


def load_policy(path: Path | None = None) -> Policy:
    """The policy in a TOML file, or in a folder with an estimate; None means the packaged one.

    Such a folder holds the file `policy.toml` and, where there is one, the folder `estimate`.
    Raises InputError for a file that cannot be read, PolicyError, an InputError that lists every
    mistake, for one that is not a sound policy, and BundleError for an estimate that must not be
    used.
    """
    where = PACKAGED if path is None else str(_file_of(path))
    policy = parse_policy(policy_content(path), where)
    # Whatever stands in its place: a policy that came with an estimate never decides without it.
    if path is not None and os.path.lexists(path / ESTIMATE):
        policy._estimate = load_estimate(path / ESTIMATE)
    return policy


def policy_content(path: Path | None = None) -> bytes:
    """The bytes of a policy file, which need not be sound, or of the one in a folder.

    None means the packaged one. Raises InputError for a file that cannot be read.
    """
    if path is None:
        return (files("models.intensity") / PACKAGED).read_bytes()
    return content_of(_file_of(path), "policy")


def _file_of(path: Path) -> Path:
    return path / PACKAGED if path.is_dir() else path


def parse_policy(content: bytes, where: str) -> Policy:
    """The policy that the bytes of a TOML file hold; `where` names it in errors."""
    document = document_of(content, where)
    old = outdated(document)
    if old is not None:
        raise PolicyError(where, [old])
    try:
        policy = Policy.model_validate(document)
    except ValidationError as error:
        # Not `from error`: it quotes what was given, the key of an experiment too.
        raise PolicyError(where, [*explained(error, policy_schema()), *check(document)]) from None
    policy._sha256 = hashlib.sha256(content).hexdigest()
    return policy


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of a policy file, without what its parts must be to one another."""
    return Policy.model_json_schema(by_alias=True)
