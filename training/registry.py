"""MLflow's registry: versions of models, which of them is champion, and how it came to be."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from features.errors import InputError
from models.signature import TAG, Signature, SignatureError
from training.promotions import Action, Grounds, recorded, tag_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION = "champion"
CHALLENGER = "challenger"
POLICY = "policy"  # the registered model whose versions are policy folders

ANY = 0  # no version has this number

_CHAMPIONS = "former_champions"  # tag of a registered model: versions, newest last, as JSON
_REMEMBERED = 100
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
_TRAIN = "`curescore train` prints the name and version that it registers."


class Registry:
    """The registered models of one MLflow store. Each move of a champion leaves its record."""

    def __init__(self, client: "MlflowClient") -> None:
        self._client = client

    def champion(self, name: str) -> int | None:
        """Version of the champion; None where there is none."""
        return self._alias(name, CHAMPION)

    def challenger(self, name: str) -> int | None:
        """Version of the challenger; None where there is none."""
        return self._alias(name, CHALLENGER)

    def challenge(self, name: str, version: int, grounds: Grounds | None = None) -> None:
        """Make a version the challenger, and record it."""
        self._require(name, str(version))
        was, key = self.challenger(name), self._signed_by(name, version)
        told = tag_of("challenge", was, version, grounds or Grounds(), key)
        self._client.set_registered_model_tag(name, *told)
        self._client.set_registered_model_alias(name, CHALLENGER, str(version))

    def sign(self, name: str, version: int, signature: Signature) -> None:
        """Give a version its signature, which takes the place of another, and record it."""
        self._require(name, str(version))
        told = tag_of("sign", self.champion(name), version, Grounds(), signature.key)
        self._client.set_registered_model_tag(name, *told)
        self._client.set_model_version_tag(name, str(version), TAG, signature.text)

    def version_with(self, name: str, tags: Mapping[str, str | None]) -> int | None:
        """The newest version that has these tags (None: has not got that tag), if there is one."""
        found = self._client.search_model_versions(f"name = '{name}'")
        having = [v for v in found if all(v.tags.get(key) == tags[key] for key in tags)]
        return max((int(version.version) for version in having), default=None)

    def tags(self, name: str, version: int) -> dict[str, str]:
        """The tags of a version; InputError where it is not registered."""
        return dict(self._require(name, str(version)).tags)

    def promotions(self, name: str) -> list[dict[str, Any]]:
        """Every move of champion and challenger, oldest first; none where there is no such model.

        Each has `at` (UTC), `who`, `action` (first, promote, rollback, challenge), `from`, `to`,
        `signed_by` (the key, unverified), `forced`, `reason`, and the gate's `checks`. A `sign`
        moves nothing: the champion of then is `from`, what was signed `to`.
        """
        model = self._model(name)
        return recorded(model.tags) if model else []

    def promote(
        self,
        name: str,
        version: int,
        grounds: Grounds | None = None,
        judged_against: int | None = ANY,
    ) -> int | None:
        """Make a version the champion; returns the former champion's version, if any.

        `judged_against` is the champion that the gate compared it with (None: there was none):
        InputError where another one is champion by now.
        """
        self._require(name, str(version))
        former = self.champion(name)
        if former == version:
            return former
        if judged_against != ANY and judged_against != former:
            raise InputError(
                name,
                f"the champion was version {judged_against} and is now {former}: "
                "somebody else moved it meanwhile",
                "Promote again, so that the gate compares with the champion of now.",
            )
        self._move("promote", name, version, grounds or Grounds())
        return former

    def rollback(self, name: str, grounds: Grounds | None = None) -> int:
        """Make the former champion champion again; returns its version."""
        version = self.former_champion(name)
        self._move("rollback", name, version, grounds or Grounds())
        return version

    def former_champion(self, name: str) -> int:
        """The version that a rollback goes back to; InputError where there is none."""
        model = self._model(name)
        if model is None:
            raise InputError(name, "there is no such model", _remedy(name))
        champion = self.champion(name)
        former = [version for version in _former(model) if version != champion]
        if not former:
            raise InputError(
                name,
                "no former champion is recorded, so there is none to go back to",
                f"`{_promoting(name)}` makes another version champion.",
            )
        self._require(name, str(former[-1]))
        return former[-1]

    def _register(
        self, name: str, source: str, run_id: str, tags: Mapping[str, str], withheld: str | None
    ) -> tuple[int, str]:
        """Version and alias of what a run made.

        It is champion where there is none yet and nothing speaks against it (`withheld`, which
        is kept as a tag of the version).
        """
        kept = {**tags, "withheld": withheld} if withheld else dict(tags)
        version = self._add(name, source, run_id, kept)
        if self.champion(name) is None and withheld is None:
            self._move("first", name, version, Grounds())
            return version, CHAMPION
        self._client.set_registered_model_alias(name, CHALLENGER, str(version))
        return version, CHALLENGER

    def _add(self, name: str, source: str, run_id: str, tags: Mapping[str, str]) -> int:
        """The new version of what a run made, without an alias."""
        if self._model(name) is None:
            self._client.create_registered_model(name)
        return int(self._client.create_model_version(name, source, run_id, tags=dict(tags)).version)

    def _alias(self, name: str, alias: str) -> int | None:
        model = self._model(name)
        number = model.aliases.get(alias) if model else None
        return int(number) if number is not None else None

    def _move(self, action: Action, name: str, version: int, grounds: Grounds) -> None:
        """Make a version champion. The record comes first: no champion is without its own."""
        model = self._model(name)
        current, former = self.champion(name), _former(model)
        told = tag_of(action, current, version, grounds, self._signed_by(name, version))
        self._client.set_registered_model_tag(name, *told)
        self._client.set_registered_model_alias(name, CHAMPION, str(version))
        if action == "rollback":
            newest = len(former) - 1 - former[::-1].index(version)
            self._remember(name, former[:newest])
        elif current is not None:
            self._remember(name, [*former, current])
        if model.aliases.get(CHALLENGER) in (version, str(version)):
            self._client.delete_registered_model_alias(name, CHALLENGER)

    def _signed_by(self, name: str, version: int) -> str | None:
        """The key that a version's signature names, which is not verified; None without one."""
        text = self.tags(name, version).get(TAG)
        try:
            return None if text is None else Signature.read(text).key
        except SignatureError:
            return None

    def _remember(self, name: str, former: list[int]) -> None:
        self._client.set_registered_model_tag(name, _CHAMPIONS, json.dumps(former[-_REMEMBERED:]))

    def _source(self, reference: str) -> str:
        """Address of the model folder that a reference as in Tracker.bundle names."""
        name, at, alias = reference.removeprefix("models:/").partition("@")
        if not at:
            name, _, number = name.partition("/")
            return str(self._require(name, number).source)
        with _absent(reference, "there is no such model or alias", "Train one: `curescore train`."):
            return str(self._client.get_model_version_by_alias(name, alias).source)

    def _require(self, name: str, version: str) -> Any:
        with _absent(f"models:/{name}/{version}", "there is no such version", _remedy(name)):
            return self._client.get_model_version(name, version)

    def _model(self, name: str) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            return self._client.get_registered_model(name)
        except MlflowException as error:
            if error.error_code not in _ABSENT:
                raise
            return None


def _remedy(name: str) -> str:
    """How there comes to be a version."""
    return f"`{_promoting(name)}` registers one." if name == POLICY else _TRAIN


def _promoting(name: str) -> str:
    """The command that moves the champion."""
    if name == POLICY:
        return "curescore policy promote POLICY"
    return f"curescore promote {name} VERSION"


def _former(model: Any) -> list[int]:
    former: list[int] = json.loads(model.tags.get(_CHAMPIONS, "[]"))
    return former


@contextmanager
def _absent(where: str, problem: str, remedy: str) -> Iterator[None]:
    """Turn MLflow's "not found" into an InputError."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code not in _ABSENT:
            raise
        raise InputError(where, problem, remedy) from error
