"""Looking at the registry: what its aliases name is fetched, verified and published to the workers.

Only the process that watches (service.served.watching) does this: MLflow, which it imports, takes
longer than all the rest of a start, and as much memory.
"""

import logging
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from models.processes import end_with_parent
from models.signature import PublicKeys
from service.served.candidates import TARGETS, Candidate, Parts, Verdict
from service.served.folders import adopt, content_sha256
from service.served.published import Kind, Part, Published, Refused, Watched, What, is_whole
from service.served.registry import ModelsError, Registry, Version
from service.served.unneeded import leave_out
from service.settings import Settings

_LOGGER = logging.getLogger(__name__)
_FETCHED = ".fetched-"
_PLACE = re.compile(rf"{re.escape(_FETCHED)}[^/]*/")  # another one at each look
_SHOWN = 400  # characters of a reason
_NO_CHAMPION = "no model has the alias champion any more"

_Reasons = dict[What, Refused]
_Key = dict[What, tuple[str | None, ...]]


class Looking:
    """Looks at the registry, and publishes what is new and sound there.

    What is refused is not tried again before an alias names something else.
    """

    def __init__(self, settings: Settings, named: Parts) -> None:
        """`named` are the policies that the settings name, which go before the registry's."""
        self._settings, self._cache, self._own = settings, settings.cache, named
        self._cache.mkdir(parents=True, exist_ok=True)
        for left in self._cache.glob(f"{_FETCHED}*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        self._registry: Registry | None = None
        self._judged: _Key | None = None
        self._keys = settings.public_keys
        self._told = Watched.read(self._cache) or Watched()

    @property
    def published(self) -> int:
        """How many generations were published since the first start."""
        return self._told.published

    def look(self) -> str | None:
        """Look once; why the registry did not answer, None where it did."""
        problem, named = None, None
        try:
            named = self._named()
        except ModelsError as error:
            problem = str(error)
        if problem != self._told.problem:
            _LOGGER.warning("the registry: %s", problem or "answers again")
        self._follow(named)
        self._tell(looked_at=datetime.now(UTC), answers=problem is None, problem=problem)
        return problem

    def _named(self) -> dict[What, Version]:
        if self._registry is None:
            self._registry = Registry(self._settings)
        return self._registry.named()

    def _follow(self, named: dict[What, Version] | None) -> None:
        """Publish what is named (None: the registry does not say), as far as it may be served."""
        now = Published.read(self._cache)
        served = self._whole(now)
        asked: dict[What, Version | Candidate] = {**(served if named is None else named)}
        asked |= self._own
        key, of_served = _key(asked), _key(served)
        undamaged = now is None or len(served) == len(now.parts)
        if undamaged and key == of_served and named is not None:
            self._tell(refused=())
        if undamaged and key in (of_served, self._judged):
            return
        with TemporaryDirectory(dir=self._cache, prefix=_FETCHED) as fresh:
            wanted, refused = self._fetched(asked, served, Path(fresh))
            self._judged = None if refused else key  # a fetch may succeed another time
            if not TARGETS & asked.keys() and TARGETS & served.keys():
                wanted |= {what: served[what] for what in served.keys() & TARGETS}
                refused["cure"] = self._refusal("champion", "absent", _NO_CHAMPION)
            if TARGETS & wanted.keys():
                verdict = self._verified(served, wanted)
                for what, (kind, why) in verdict.refused.items():
                    for part in (*wanted.values(), *served.values()):
                        why = why.replace(str(part.folder), part.name)
                    refused[what] = self._refusal(asked[what].name, kind, why)
                self._publish(verdict.parts, now, Path(fresh))
        self._refuse(refused)

    def _whole(self, now: Published | None) -> dict[What, Candidate]:
        """What is published, as far as it is undamaged."""
        return {
            what: Candidate(part.name, part.folder, self._cache / part.folder, part.signature)
            for what, part in (now.parts.items() if now else ())
            if is_whole(self._cache, part)
        }

    def _fetched(
        self, asked: dict[What, Version | Candidate], served: Parts, fresh: Path
    ) -> tuple[dict[What, Candidate], _Reasons]:
        """A candidate for each part, that of now where its own cannot be had."""
        wanted: dict[What, Candidate] = {}
        refused: _Reasons = {}
        for what, each in asked.items():
            try:
                wanted[what] = self._candidate(each, served.get(what), fresh / what)
            except ModelsError as error:
                refused[what] = self._refusal(each.name, "fetch", str(error))
                if what in served:
                    wanted[what] = served[what]
        return wanted, refused

    def _candidate(
        self, each: Version | Candidate, served: Candidate | None, into: Path
    ) -> Candidate:
        if isinstance(each, Candidate):
            return each
        if served is not None and (served.name, served.digests) == (each.name, each.digests):
            return served._replace(signature=each.signature or served.signature)
        assert self._registry is not None  # it named the version
        into.mkdir()
        try:
            fetched = self._registry.download(each, into)
            return Candidate(each.name, each.digests or "", fetched, each.signature)
        except ModelsError:
            cached = self._cache / (each.digests or "absent")
            if not cached.is_dir():
                raise
            # To be verified like any other.
            return Candidate(each.name, cached.name, cached, each.signature)

    def _verified(self, served: Parts, wanted: Parts) -> Verdict:
        """The verdict of a process of its own: its memory is not kept, its crash is no harm."""
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        given = (dict(served), dict(wanted), self._settings.table_limit, self._keys, theirs)
        process = context.Process(target=_verify, args=given)
        process.start()
        theirs.close()
        try:
            verdict: Verdict = ours.recv()
        except EOFError:
            process.join()
            why = f"the process that verified it ended with {process.exitcode}"
            changed = [what for what, part in wanted.items() if served.get(what) != part]
            verdict = Verdict(dict(served), dict.fromkeys(changed, ("ended", why)))
        process.join()
        return verdict

    def _publish(self, parts: Parts, now: Published | None, fresh: Path) -> None:
        """Let the workers follow these parts, which are moved into the cache."""
        adopted = {what: self._adopted(part, fresh) for what, part in parts.items()}
        if not adopted or (now is not None and now.parts == adopted):
            return
        sequence = 1 if now is None else now.sequence + 1
        Published(sequence=sequence, at=datetime.now(UTC), parts=adopted).write(self._cache)
        self._tell(published=self._told.published + 1)
        names = ", ".join(part.name for part in adopted.values())
        _LOGGER.info("generation %d is published: %s", sequence, names)

    def _adopted(self, part: Candidate, fresh: Path) -> Part:
        target = self._cache / part.digests
        content = content_sha256(part.folder)
        if part.folder != target:
            if target.is_dir() and content_sha256(target) != content:
                target.rename(fresh / f"damaged-{target.name}")
            adopt(part.folder, target)
        return Part(name=part.name, folder=part.digests, content=content, signature=part.signature)

    def _refusal(self, name: str, kind: Kind, why: str) -> Refused:
        """The refusal of a version, which may have begun earlier."""
        shown = _PLACE.sub("", why.replace(f"{self._cache}/", ""))[:_SHOWN]
        known = {(each.what, each.kind): each.since for each in self._told.refused}
        since = known.get((name, kind), datetime.now(UTC))
        return Refused(what=name, kind=kind, why=shown, since=since)

    def _refuse(self, refused: _Reasons) -> None:
        known = {(each.what, each.kind) for each in self._told.refused}
        counts = dict(self._told.refusals)
        for each in refused.values():
            if (each.what, each.kind) not in known:
                counts[each.kind] = counts.get(each.kind, 0) + 1
                _LOGGER.error("%s is not served: %s", each.what, each.why)
        self._tell(refused=tuple(refused.values()), refusals=counts)

    def _tell(self, **changes: object) -> None:
        self._told = self._told.model_copy(update=changes)
        self._told.write(self._cache)


def _key(parts: Mapping[What, Version | Candidate]) -> _Key:
    return {what: (part.name, part.digests, part.signature) for what, part in parts.items()}


def _verify(
    served: Parts,
    wanted: Parts,
    table_limit: int | None,
    keys: PublicKeys | None,
    to: Connection,
) -> None:
    end_with_parent()
    leave_out()
    from service.served.verifying import verify_apart  # loads what only that process needs

    verify_apart(served, wanted, table_limit, keys, to)
