"""The training notebook is run once: the explanations go on with its models."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode

from models.score.bundle import Bundle, load
from tests.notebooks.executed import execute, printed
from training.tables import Tables, read_tables


@dataclass(frozen=True)
class Trained:
    """The executed training notebook, its tables and the home of its models."""

    data: Path
    home: Path
    notebook: NotebookNode

    @cached_property
    def tables(self) -> Tables:
        return read_tables(self.data)

    @cached_property
    def figures(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(printed(self.notebook, "stdout").splitlines()[-1])
        return line

    @property
    def run(self) -> Path:
        """The files of the first run."""
        return self.home / "artifacts" / self.figures["run_id"] / "artifacts"

    @cached_property
    def bundles(self) -> tuple[Bundle, Bundle]:
        """Those of the first run, and of the challenger."""
        folders = [path.parent for path in self.home.glob("artifacts/**/bundle/manifest.json")]
        first, second = sorted(folders, key=lambda folder: not folder.is_relative_to(self.run))
        return load(first), load(second)


@pytest.fixture(scope="package")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Without a portfolio, so that the notebook simulates its own."""
    home = tmp_path_factory.mktemp("training_notebook")
    notebook = execute("02_train_and_compare", home=home)
    return Trained(home / "tables", home, notebook)
