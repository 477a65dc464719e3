"""All that is known of the model of one target: served, registered, and how it did."""

from collections.abc import Callable
from logging import getLogger
from typing import Any, NamedTuple, TypeVar

from jinja2 import TemplateError

from models.score.bundle import Bundle
from models.target import Target
from service.api.common import Parts
from service.served.evidence import EVALUATION, EXPLAINED, VALUE, Registered, RegisteredVersion

_LOGGER = getLogger(__name__)

Document = dict[str, Any]
Shown = TypeVar("Shown")

# What comes of reading a document that has another shape than pages look for.
_MISSHAPEN = (
    *(ArithmeticError, AssertionError, AttributeError),  # Babel asserts what a date is
    *(LookupError, TypeError, ValueError, TemplateError),
)

# What pages tell of each document.
_PARTS = {
    EVALUATION: {"train", "test", "champion", "fairness", "stability", "guards", "standing"},
    EXPLAINED: {"summary", "dependence", "gains", "reliability", "explained"},
    VALUE: {"policies", "rows", "cells", "doubt", "warnings", "per_assignments"},
}


class Judged(NamedTuple):
    """A registered version, and the documents of its run; None where they are not at hand."""

    version: RegisteredVersion
    evaluation: Document | None
    explained: Document | None

    @property
    def alone(self) -> "Judged":
        """The same version without its documents."""
        return Judged(self.version, None, None)


class KnownModel(NamedTuple):
    """The model of a target.

    `bundle` is what is served under `name`, None where none is; `registered` what the registry
    tells of the target, None where it tells nothing. `served` and `challenger` are versions of
    it: the one whose bundle is served, and the one that would take its place.
    """

    target: Target
    name: str | None
    bundle: Bundle | None
    registered: Registered | None
    served: Judged | None
    challenger: Judged | None

    @property
    def alone(self) -> "KnownModel":
        """The same without the documents of its versions."""
        served, challenger = (each and each.alone for each in (self.served, self.challenger))
        return self._replace(served=served, challenger=challenger)


def known_model(parts: Parts, target: Target) -> KnownModel:
    """What is known now of the model of a target."""
    generation, evidence = parts.current(), parts.evidence.now()
    bundle = generation.bundles.get(target)
    registered = None if evidence is None else evidence.models.get(target)
    served = challenger = None
    if registered is not None:
        served = _served(registered, bundle)
        challenger = registered.version(registered.challenger)
    return KnownModel(
        target,
        generation.models.get(target),
        bundle,
        registered,
        _judged(parts, served),
        _judged(parts, None if challenger == served else challenger),
    )


def _served(registered: Registered, bundle: Bundle | None) -> RegisteredVersion | None:
    """The version of the bundle that is served, the champion where one bundle has several."""
    if bundle is None:
        return None
    same = [each for each in registered.versions if each.sha256 == bundle.sha256]
    champion = [each for each in same if each.version == registered.champion]
    return next(iter([*champion, *same]), None)


def _judged(parts: Parts, version: RegisteredVersion | None) -> Judged | None:
    if version is None:
        return None
    found = [document(parts, version, name) for name in (EVALUATION, EXPLAINED)]
    return Judged(version, *found)


def document(parts: Parts, version: RegisteredVersion, name: str) -> Document | None:
    """A document of a version's run; None where it is not at hand, or lacks what pages tell.

    Earlier versions of the training wrote less.
    """
    if version.run_id is None or name not in version.documents:
        return None
    found = parts.evidence.document(version.run_id, name)
    return None if found is None or not found.keys() >= _PARTS[name] else found


def as_far_as_readable(show: Callable[[bool], Shown]) -> Shown:
    """What is shown with documents (True), or without, where one has another shape than pages need.

    They are files of the registry, written by whatever trained: one of them takes no page away.
    """
    try:
        return show(True)
    except _MISSHAPEN as error:
        _LOGGER.warning("a document of the registry cannot be shown: %s", type(error).__name__)
    return show(False)
