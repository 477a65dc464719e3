"""A home with a real model registry: MLflow on SQLite, its models and policies small but real."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from models.intensity.policy import load_policy, policy_content
from models.score.bundle import load
from service.served.looking import Looking
from service.settings import Settings
from tests.bundles import content, write
from training.policies import copy_policy, digests
from training.registry import POLICY
from training.tracking import BUNDLE, INSIDE, MODEL, Registered, Tracker

DIGEST_TAG = "bundle_sha256"


class Store(NamedTuple):
    """A home with a registry, in which a model of cures is champion."""

    settings: Settings
    tracker: Tracker

    @property
    def home(self) -> Path:
        """The folder of all state."""
        return self.settings.home

    @property
    def cache(self) -> Path:
        """The folder of what was fetched."""
        return self.settings.cache

    def file(self, name: str, replaced: tuple[str, str] = ("", "")) -> Path:
        """The packaged policy with another last line and, where given, another part."""
        text = policy_content().decode()
        assert replaced[0] in text
        path = self.home / f"{name}.toml"
        path.write_text(f"{text.replace(*replaced)}\n# {name}\n")
        return path

    def registered(self, source: Path, **tags: str) -> int:
        """The version of a policy; `tags` go before those that it should have."""
        made = self.home / "runs" / source.stem
        copy_policy(source, made / POLICY)
        known = {name: value for name, value in digests(load_policy(source)).items() if value}
        return self.tracker.record_folder(POLICY, made, {}, {}, {**known, **tags})

    def champion(self, bundle: Path, damaged: str | None = None, **tags: str) -> Path:
        """Promote a bundle, whose file `damaged` is changed then; the registry's folder of it."""
        made, kept = self.recorded(bundle, damaged, **tags)
        self.tracker.promote(load(bundle).target, made.version)
        return kept

    def recorded(
        self, bundle: Path, damaged: str | None = None, **tags: str
    ) -> tuple[Registered, Path]:
        """The version of a bundle that is to be promoted, and the registry's folder of it."""
        target, sha256 = (said := load(bundle)).target, said.sha256
        folder = Path(mkdtemp(dir=self.home))
        shutil.copytree(bundle, folder / BUNDLE)
        made = self.tracker.record(target, folder, {}, {}, {DIGEST_TAG: sha256, **tags})
        kept = Path(made.artifacts) / MODEL / INSIDE
        if damaged is not None:
            (kept / damaged).write_bytes((kept / damaged).read_bytes() + b"\n")
        return made, kept


def store_in(home: Path, bundle: Path, *, published: bool = True) -> Store:
    """A new home, whose first champion is the bundle; `published` to the workers already."""
    made = _registry(bundle)
    shutil.copy(made / "mlflow.db", home)
    if published:
        shutil.copytree(made / "cache", home / "cache")
    settings = Settings(home=home, tracking_uri="", database_url="")
    return Store(settings, Tracker(settings.tracking, home / "artifacts"))


@cache
def _registry(bundle: Path) -> Path:
    """Database and cache of a registry with a model, whose artifacts stay: it takes seconds."""
    home = Path(mkdtemp(dir=bundle.parent))
    shutil.copytree(bundle, home / "run" / BUNDLE)
    tracker = Tracker(f"sqlite:///{home / 'mlflow.db'}", home / "kept")
    tracker.record("cure", home / "run", {}, {}, {DIGEST_TAG: load(bundle).sha256})
    database = Path(mkdtemp(dir=bundle.parent))
    shutil.copy(home / "mlflow.db", database / "mlflow.db")
    assert Looking(Settings(home=database), {}).look() is None
    return database


def other_bundle(folder: Path, seed: int) -> Path:
    """A bundle as the small one, learnt from other histories."""
    write(folder, content(seed=seed))
    return folder
