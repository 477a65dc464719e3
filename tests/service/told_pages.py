"""Pages of a service that follows a registry, and what stands in their tables and charts."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models.generation import Generation
from models.intensity.plan import Plan
from models.intensity.policy import Policy
from models.score.bundle import Bundle
from service.api.common import Parts
from service.app import create_app
from service.served.evidence import FILE, FOLDER, Evidences
from service.served.following import Following
from service.settings import Settings
from tests.service.conftest import NOW, Client
from tests.service.evidences import Told

Document = dict[str, Any]


class Read(HTMLParser):
    """A page: its text, the rows of each table as cells, and the charts in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.charts: list[Document] = []
        self.text = ""
        self._open: list[list[list[str]]] = []
        self._script: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._open.append([])
        elif tag == "tr":
            self._open[-1].append([])
        elif tag in ("td", "th"):
            self._open[-1][-1].append("")
        elif tag == "script" and ("type", "application/json") in attrs:
            self._script = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self.tables.append(self._open.pop())
        elif tag == "script" and self._script is not None:
            self.charts.append(json.loads(self._script))
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._script += data
            return
        self.text += data
        if self._open and self._open[-1] and self._open[-1][-1]:
            cells = self._open[-1][-1]
            cells[-1] = f"{cells[-1]} {data.strip()}".strip()

    def table(self, first: str) -> list[list[str]]:
        """The first table whose first heading that is, without its head."""
        return next(table[1:] for table in self.tables if table and table[0][0] == first)

    def row(self, first: str) -> list[str]:
        """The other cells of the first row that begins with this one."""
        rows = (row for table in self.tables for row in table if row and row[0] == first)
        return next(rows)[1:]


def read(client: Client, path: str) -> Read:
    """The page at an address, which has to be there."""
    answered = client.get(path)
    assert answered.status_code == 200, answered.text
    return Read(answered.text)


def told_client(told: Told, engine: sa.Engine) -> Client:
    """A client of a service that serves what the registry's aliases name."""
    return _client(told.settings, engine)


def changed_client(
    told: Told, home: Path, engine: sa.Engine, change: Callable[[Path], None]
) -> Client:
    """The same of a copy of its cache in a new home, in which something was changed."""
    settings = told.settings.model_copy(update={"home": home})
    shutil.copytree(told.cache, settings.cache)
    change(settings.cache)
    return _client(settings, engine)


def change_evidence(change: Callable[[Document], None]) -> Callable[[Path], None]:
    """A change of what the registry was found to tell."""

    def changed(cache: Path) -> None:
        document = json.loads((cache / FILE).read_text())
        change(document)
        (cache / FILE).write_text(json.dumps(document))

    return changed


def documents(cache: Path, name: str) -> list[Path]:
    """Where the cache has the documents of that name."""
    return sorted((cache / FOLDER).glob(f"*/{name}"))


def bundle_of(client: Client) -> Bundle:
    """The model of cures that is served."""
    parts: Parts = client.app.state.parts
    return parts.current().bundles["cure"]


def document_of(told: Told, alias: str, name: str, model: str = "cure") -> Document:
    """A document of the version of a model that has the alias: `champion` or `challenger`."""
    evidence = Evidences(told.cache).now()
    assert evidence is not None
    registered = evidence.models[model]
    version = registered.version(getattr(registered, alias))
    assert version is not None
    assert version.run_id is not None
    found = Evidences(told.cache).document(version.run_id, name)
    assert found is not None
    return found


def serving(
    engine: sa.Engine,
    generation: Generation,
    policy: Policy | None = None,
    plan: Plan | None = None,
    at: datetime = NOW,
    **more: Any,
) -> Client:
    """A client of a service whose generation has these parts, at this time."""
    served = replace(generation, policy=policy or generation.policy, plan=plan, **more)
    return Client(create_app(Settings(auth="off"), engine, lambda: served, lambda: at))


def _client(settings: Settings, engine: sa.Engine) -> Client:
    following = Following(settings)
    open_to_all = settings.model_copy(update={"auth": "off"})
    app = create_app(open_to_all, engine, following.current, lambda: NOW, following)
    return Client(app)


def misshape(name: str, *place: str) -> Callable[[Path], None]:
    """A change of a cache: what stands at this place of its documents of that name is a text."""

    def changed(cache: Path) -> None:
        for path in documents(cache, name):
            whole = json.loads(path.read_text())
            within = whole
            for step in place[:-1]:
                within = within[step]
            within[place[-1]] = "not as it was"
            path.write_text(json.dumps(whole))

    return changed
