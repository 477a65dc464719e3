"""Verifying: which of the parts that are wanted may be served, together with those that are now.

Each part is loaded as a worker will load it, and the whole decides once, before a worker sees it.
"""

import logging
import os
from multiprocessing.connection import Connection

from features.errors import InputError
from models.generation import Generation
from models.intensity.exploration import challenging
from models.intensity.policy import Policy
from models.score.bundle import Bundle
from models.score.contributions import TABLE_LIMIT
from models.signature import PublicKeys
from models.target import TARGETS
from service.served.candidates import Candidate, Parts, Verdict
from service.served.kept import policy_folder
from service.served.published import Kind, What
from service.served.registry import ModelsError, UnsignedError
from service.served.reload import assembled, bundle_of, policy_of, require_signed, signed_names

_LEAST = 19  # the lowest priority that a process can have
_ORDER: tuple[What, ...] = ("policy", *TARGETS, "challenger")  # in which parts are judged
_FAULTS = (ModelsError, InputError, OSError)


def verify(now: Parts, wanted: Parts, table_limit: int, keys: PublicKeys | None = None) -> Verdict:
    """Of the parts that are wanted those that may be served; for each other the one of now.

    All of them where they go together; else one after the other, as far as each goes with the
    rest. Without any bundle there is nothing to serve: then no part is told. With `keys` nothing of
    a part is parsed before one of them is found to have signed it.
    """
    sound = _Sound(table_limit, keys)
    refused: dict[What, tuple[Kind, str]] = {}
    kept = {what: part for what, part in now.items() if sound.fault(what, part) is None}
    candidates: dict[What, Candidate] = {}
    for what, part in wanted.items():
        fault = sound.fault(what, part)
        if fault is not None:
            refused[what] = fault
        if fault is None or what in kept:
            candidates[what] = part if fault is None else kept[what]
    if sound.misfit(candidates) is not None:
        candidates, unfit = _one_by_one(kept, candidates, sound)
        refused |= {what: ("unfit", why) for what, why in unfit.items()}
    if any(target in candidates for target in TARGETS):
        sound.generation(candidates)
        return Verdict(candidates, refused)
    return Verdict({}, refused)


def _one_by_one(
    now: Parts, wanted: Parts, sound: "_Sound"
) -> tuple[dict[What, Candidate], dict[What, str]]:
    """The parts of now, but each wanted one that goes with the others; why the rest does not."""
    chosen, unfit = dict(now), dict.fromkeys(_ORDER, "")
    moved = True
    while moved:  # one part may have to wait for another
        moved = False
        for what in list(unfit):
            trial = {each: part for each, part in chosen.items() if each != what}
            trial |= {what: wanted[what]} if what in wanted else {}
            unfit[what] = sound.misfit(trial) or ""
            if not unfit[what]:
                moved = moved or trial != chosen
                chosen = trial
                del unfit[what]
    return chosen, unfit


class _Sound:
    """Loads each part once, and tells what is wrong with it or with several together."""

    def __init__(self, table_limit: int, keys: PublicKeys | None) -> None:
        self._limit, self._keys = table_limit, keys
        self._loaded: dict[Candidate, Bundle | Policy | tuple[Kind, str]] = {}

    def fault(self, what: What, part: Candidate) -> tuple[Kind, str] | None:
        """Why the part may not be served, whatever the others are, and its kind; None: it may."""
        if part not in self._loaded:
            try:
                self._loaded[part] = self._load(what, part)
            except UnsignedError as error:
                self._loaded[part] = ("signature", str(error))
            except _FAULTS as error:
                self._loaded[part] = ("unsound", str(error))
        loaded = self._loaded[part]
        return loaded if isinstance(loaded, tuple) else None

    def misfit(self, parts: Parts) -> str | None:
        """Why these sound parts do not go together; None: they do."""
        policy, challenger = self._policies(parts)
        try:
            for bundle in self._bundles(parts).values():
                policy.rate(bundle.currency)
            if challenger is not None:
                challenging(policy, challenger)
        except InputError as error:
            return str(error)
        return None

    def generation(self, parts: Parts) -> Generation:
        """What workers will make of the parts."""
        return assembled(self._bundles(parts), *self._policies(parts))

    def _bundles(self, parts: Parts) -> dict[str, Bundle]:
        loaded = {part.name: self._loaded[part] for part in parts.values()}
        return {name: bundle for name, bundle in loaded.items() if isinstance(bundle, Bundle)}

    def _policies(self, parts: Parts) -> tuple[Policy, Policy | None]:
        found = [self._loaded[parts[w]] if w in parts else None for w in ("policy", "challenger")]
        policy, challenger = (each if isinstance(each, Policy) else None for each in found)
        return policy or policy_of(None), challenger

    def _load(self, what: What, part: Candidate) -> Bundle | Policy:
        """The part; ModelsError, too, where it is another than its version says."""
        loaded: Bundle | Policy
        require_signed(part.name, part.folder, signed_names(what), self._keys, part.signature)
        if what in TARGETS:
            loaded = bundle_of(part.folder, self._limit)
            same = (loaded.target, loaded.sha256) == (what, part.digests)
        else:
            loaded = policy_of(part.folder)
            same = policy_folder(loaded.sha256, loaded.estimate_sha256) == part.digests
        if not same:
            raise ModelsError(f"{part.name} is not what was registered: register it anew")
        return loaded


def verify_apart(
    now: Parts,
    wanted: Parts,
    table_limit: int | None,
    keys: PublicKeys | None,
    to: Connection,
) -> None:
    """`verify`, in a process of its own that sends its verdict.

    Where requests are answered meanwhile it steps back for them. What crashes here would have
    crashed every worker.
    """
    logging.getLogger("models").setLevel(logging.ERROR)  # the workers tell the warnings
    if now:
        os.nice(_LEAST)
    limit = TABLE_LIMIT if table_limit is None else table_limit
    to.send(verify(now, wanted, limit, keys))
