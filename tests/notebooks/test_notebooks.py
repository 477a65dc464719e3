"""Every notebook is committed without a run, and the portfolio's runs without preparation."""

import re
from pathlib import Path

import nbformat
import pytest

from tests.notebooks.executed import NOTEBOOKS, execute, pictures, printed

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@every_notebook
def test_a_committed_notebook_is_valid_and_holds_no_run(path: Path) -> None:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert cell.metadata == {}, cell.id
        if cell.cell_type == "code":
            assert cell.outputs == [], cell.id
            assert cell.execution_count is None, cell.id
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"


@every_notebook
def test_a_committed_notebook_names_no_place_of_a_machine(path: Path) -> None:
    # A path from the root or a home folder, in quotes or after a blank or an equals sign.
    assert re.findall(r"[\s\"'=(`](?:/|~/|[A-Z]:\\+)\w+", path.read_text()) == []


# The training notebook runs so in its own tests; what explains is there with and without models.
def test_the_portfolio_runs_without_preparation() -> None:
    notebook = execute("01_portfolio")
    assert printed(notebook, "stderr") == ""
    assert pictures(notebook) > 0
