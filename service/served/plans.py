"""The capacity plan in force: the latest that a nightly run has published."""

import time
from dataclasses import replace
from logging import getLogger
from pathlib import Path
from threading import Lock

from models.generation import Generation
from models.intensity.plan import Plan, PlanError, newest_first, read_plan
from models.intensity.rules.version import RULES_VERSION

_LOGGER = getLogger(__name__)
_SETTLED = 2 * 10**9  # nanoseconds: a folder that changed since may change again unseen


class Plans:
    """Follows a folder of plans, so that a new one needs no restart.

    The newest plan that is sound is in force. One that is not is told in the log, and the one
    before goes on: without prices, levels would need more than there is.
    """

    def __init__(self, folder: Path) -> None:
        """Raises models.intensity.plan.PlanError where there are plans but none is sound."""
        self._folder = folder
        self._seen: int | None = None  # when the folder last changed, as far as it was looked at
        self._damaged: dict[Path, tuple[int | None, PlanError]] = {}  # and when it last changed
        self._read: tuple[Path | None, Plan | None] = (None, None)
        self._applied: tuple[Generation, Generation] | None = None
        self._looking = Lock()
        if self._latest() is None and self._damaged:
            raise next(error for _, error in self._damaged.values())

    def applied(self, generation: Generation) -> Generation:
        """The generation with the plan in force."""
        plan, applied = self._latest(), self._applied
        if applied is None or applied[0] is not generation or applied[1].plan is not plan:
            _tell(generation, plan)
            applied = (generation, replace(generation, plan=plan))
            self._applied = applied  # at once: other threads read it meanwhile
        return applied[1]

    def _latest(self) -> Plan | None:
        """The plan in force, looked for anew where the folder has changed since."""
        if _changed(self._folder) != self._seen:
            with self._looking:  # else a thread that is slow could put an older plan in force
                changed = _changed(self._folder)
                self._read = self._newest(changed)
                settled = changed is None or time.time_ns() - changed > _SETTLED
                # A plan that was met half copied may yet become whole, unseen from outside.
                self._seen = changed if settled and not self._damaged else None
        return self._read[1]

    def _newest(self, changed: int | None) -> tuple[Path | None, Plan | None]:
        """The newest sound plan, and its folder."""
        found = newest_first(self._folder)
        self._damaged = {path: known for path, known in self._damaged.items() if path in found}
        for path in found:
            if path == self._read[0]:
                return self._read
            at = _changed_inside(path)
            if path in self._damaged and self._damaged[path][0] == at:
                continue
            try:
                plan = read_plan(path)
            except PlanError as error:
                _LOGGER.error("a capacity plan is not used; an earlier one is, if any: %s", error)
                self._damaged[path] = (at, error)
            else:
                self._damaged.pop(path, None)
                return path, plan
        if self._read[1] is None or found or changed is None:
            return self._read  # there is nothing to put in its place
        _LOGGER.warning("the capacity plans were taken away: resources have no prices now")
        return None, None


def made_with(generation: Generation, plan: Plan) -> bool:
    """Whether the plan was made with the models, policy, estimate and rules of the generation.

    Where it was not, its prices hold all the same, but no account has a level that it planned.
    """
    bundles = {target: bundle.sha256 for target, bundle in generation.bundles.items()}
    told, policy = plan.terms, generation.policy
    served = (bundles, policy.sha256, policy.estimate_sha256, RULES_VERSION)
    return served == (told.bundles, told.policy_sha256, told.estimate_sha256, told.rules)


def _tell(generation: Generation, plan: Plan | None) -> None:
    if plan is None:
        return
    _LOGGER.info("capacity plan of run %s is in force", plan.terms.run_id)
    if not made_with(generation, plan):
        _LOGGER.warning(
            "it was made with other models, rules or another policy or estimate: its prices hold, "
            "its levels do not; make a new one by a nightly run with --capacity"
        )


def _changed_inside(folder: Path) -> int | None:
    """When the folder or a file in it last changed."""
    moments = [_changed(path) for path in (folder, *folder.glob("*"))]
    return max((at for at in moments if at is not None), default=None)


def _changed(folder: Path) -> int | None:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return None
