"""Generations in the database: what decided, each kept once as a document under a number.

A document holds what a replay needs, by digest, and what the records of its decisions leave out:
the bundles with what their reasons are about, the policies, the versions.
"""

import hashlib
import json
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from models.decision import ReasonName
from models.generation import Generation
from models.intensity.policy import Policy
from models.intensity.rules.version import RULES_VERSION
from models.scored import names_of
from service.log.records import Versions, canonical
from service.tables import GENERATIONS, insert_new

Document = dict[str, Any]


class Decider(NamedTuple):
    """A bundle that has decided: its digest, and the name that it had last."""

    sha256: str
    name: str


class _Named(msgspec.Struct):
    sha256: str | None = None
    name: str | None = None


class _Bundles(msgspec.Struct):
    bundles: dict[str, _Named]


_KEPT = 1_024  # documents, some 10 KB each
_SERVED = 16  # generations whose numbers are known without a look at them


class Generations:
    """The generations in the database of `engine`. Threads may share it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._numbers: dict[int, tuple[Generation, int]] = {}  # by identity, the latest last
        self._deciders: dict[str, str] = {}  # names by digest, the latest last
        self._last = 0  # generation of them
        self.document = lru_cache(_KEPT)(self._document)
        self.names = lru_cache(_KEPT)(self._names)

    def id_of(self, generation: Generation) -> int:
        """The number under which a generation is stored, from now on if it was not.

        Raises sqlalchemy.exc.SQLAlchemyError where the database does not take it.
        """
        known = self._numbers.get(id(generation))
        if known is not None:
            return known[1]
        number = self._stored(canonical(document_of(generation)))
        with self._lock:
            latest = list(self._numbers.items())[1 - _SERVED :]
            self._numbers = dict([*latest, (id(generation), (generation, number))])
        return number

    def deciders(self) -> list[Decider]:
        """The bundles that have decided, the latest first. Only later documents are read again."""
        columns = GENERATIONS.c
        with self._lock:
            later = sa.select(columns.id, columns.document).where(columns.id > self._last)
            with self._engine.connect() as connection:
                rows = connection.execute(later.order_by(columns.id)).all()
            for number, document in rows:
                told = msgspec.json.decode(document, type=_Bundles)
                for each in told.bundles.values():
                    if each.sha256 is not None and each.name is not None:
                        self._deciders.pop(each.sha256, None)
                        self._deciders[each.sha256] = each.name
                self._last = number
            return [Decider(*each) for each in reversed(self._deciders.items())]

    def _stored(self, document: str) -> int:
        sha256 = hashlib.sha256(document.encode()).hexdigest()
        query = sa.select(GENERATIONS.c.id).where(GENERATIONS.c.sha256 == sha256)
        with self._engine.connect() as connection:
            number: int | None = connection.execute(query).scalar()
        if number is not None:
            return number
        row = insert_new(GENERATIONS, self._engine.dialect.name)
        with self._engine.begin() as connection:
            # Another process may be as quick.
            connection.execute(row.values(sha256=sha256, document=document))
            return int(connection.execute(query).scalar_one())

    def _document(self, number: int) -> Document:
        """The document of the generation of that number. KeyError where there is none."""
        query = sa.select(GENERATIONS.c.document).where(GENERATIONS.c.id == number)
        with self._engine.connect() as connection:
            text = connection.execute(query).scalar()
        if text is None:
            raise KeyError(number)
        document: Document = json.loads(text)
        return document

    def _names(self, number: int, target: str) -> tuple[ReasonName, ...]:
        """What its reasons for scores of that target are about, by their position.

        None where its records are stored as a whole, and tell it themselves.
        """
        features = self.document(number)["bundles"][target]["features"]
        return tuple(ReasonName(*told) for told in features or ())


def document_of(generation: Generation) -> Document:
    """The document of a generation; a bundle's `features` are [feature, group, unit].

    `tables`: whether they are explained by tables, or by LightGBM with other last digits.
    """
    plan, challenger = generation.plan, generation.challenger
    return {
        "bundles": {
            target: {
                "name": generation.models[target],
                "sha256": bundle.sha256,
                "features": [list(name) for name in names_of(bundle)],
                "tables": bundle.explainer.table_bytes > 0,
            }
            for target, bundle in generation.bundles.items()
        },
        "policy": _policy(generation.policy),
        "challenger": None if challenger is None else _policy(challenger),
        "plan": None if plan is None else plan.terms.run_id,
        "rules": RULES_VERSION,
        "code": generation.code,
        "tzdata": generation.tzdata,
    }


def versions_of(document: Document, target: str, arm: str) -> Versions:
    """The versions in a record on that target, of an account in that arm."""
    bundle = document["bundles"][target]
    challenged = arm == "challenger" and document["challenger"] is not None
    policy = document["challenger" if challenged else "policy"]
    return {
        "code": document["code"],
        "model": bundle["name"],
        "bundle_sha256": bundle["sha256"],
        "policy": f"{policy['name']}@{policy['sha256'][:12]}",
        "estimate": policy["estimate_sha256"],
        "rules": document["rules"],
        "prices": document["plan"],
        "tzdata": document["tzdata"],
    }


def _policy(policy: Policy) -> dict[str, str | None]:
    return {
        "name": policy.name,
        "sha256": policy.sha256,
        "estimate_sha256": policy.estimate_sha256,
    }
