"""The champion as the model that a new one is compared with."""

from dataclasses import dataclass
from typing import Any

from features.errors import InputError
from models.score.bundle import Bundle
from training.assessment import load_bundle
from training.population import Population
from training.registry import CHAMPION
from training.tracking import Tracker


@dataclass(frozen=True)
class Champion:
    """The champion in force; `bundle` is None where it cannot be compared, and `why` says why."""

    name: str
    version: int
    bundle: Bundle | None
    why: str | None

    def document(self, challenger: Bundle) -> dict[str, Any]:
        """What changed against the champion, as JSON."""
        told: dict[str, Any] = {"version": self.version, "why_not_compared": self.why}
        if self.bundle is None:
            return told
        mine, theirs = challenger.training, self.bundle.training
        told["bundle_sha256"] = self.bundle.sha256
        told["features_added"] = sorted(set(challenger.features) - set(self.bundle.features))
        told["features_left_out"] = sorted(set(self.bundle.features) - set(challenger.features))
        told["changed"] = {
            key: [theirs.get(key), mine.get(key)]
            for key in ("from", "until", "n", "accounts", "target_rate", "trees", "version")
            if theirs.get(key) != mine.get(key)
        } | _changed_settings(theirs["settings"], mine["settings"])
        return told


def champion_of(tracker: Tracker, population: Population) -> Champion | None:
    """The champion of the population's target; None where there is none."""
    name = population.outcome.target
    version = tracker.champion(name)
    if version is None:
        return None
    try:
        bundle = load_bundle(tracker.bundle(f"models:/{name}@{CHAMPION}"))
    except InputError as error:
        return Champion(name, version, None, error.problem)
    why = None
    if bundle.outcome != population.outcome:
        why = f"it predicts {bundle.outcome}, this model {population.outcome}"
    elif bundle.currency != population.currency:
        why = f"it was trained on amounts in {bundle.currency}, this model in {population.currency}"
    return Champion(name, version, None if why else bundle, why)


def _changed_settings(theirs: dict[str, Any], mine: dict[str, Any]) -> dict[str, Any]:
    """Settings that differ, as `name: [champion's, this model's]`."""
    found: dict[str, Any] = {}
    for key in sorted({*theirs, *mine}):
        old, new = theirs.get(key), mine.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found |= {f"{key}.{k}": value for k, value in _changed_settings(old, new).items()}
        elif old != new:
            found[f"settings.{key}" if "." not in key else key] = [old, new]
    return found
