"""The policy: a validated file that says which contact intensity an account may and should get.

Protections and holds are not in it: they are in `rules`, and no policy can weaken them.
"""

import hashlib
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from pydantic import PrivateAttr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from features.errors import InputError
from models.document import content_of, document_of
from models.intensity.checks import check
from models.intensity.mistakes import PolicyError, explained, outdated
from models.intensity.numbers import Numbers, numbers_of
from models.intensity.sections import Rung, Sections

PACKAGED = "policy.toml"


class Policy(Sections):
    """A policy whose parts agree with one another: what does not cannot be made."""

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
        return self.ladder.rungs

    @cached_property
    def numbers(self) -> Numbers:
        """What compiled code reads of the policy."""
        return numbers_of(self)

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
    return content_of(path, "policy")


def parse_policy(content: bytes, where: str) -> Policy:
    """The policy that the bytes of a TOML file hold; `where` names it in errors."""
    document = document_of(content, where)
    old = outdated(document)
    if old is not None:
        raise PolicyError(where, [old])
    try:
        policy = Policy.model_validate(document)
    except ValidationError as error:
        raise PolicyError(where, [*explained(error, policy_schema()), *check(document)]) from error
    policy._sha256 = hashlib.sha256(content).hexdigest()
    return policy


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of a policy file, without what its parts must be to one another."""
    return Policy.model_json_schema(by_alias=True)
