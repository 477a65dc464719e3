"""Runs a notebook as a user would, and finds what its cells gave."""

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
DATA, HOME = "CURESCORE_NOTEBOOK_DATA", "CURESCORE_NOTEBOOK_HOME"
SECONDS = 180  # what a notebook may take


def execute(name: str, data: Path | None = None, home: Path | None = None) -> NotebookNode:
    """The notebook as run from its top by a kernel of its own; fails where a cell fails.

    Kernel and test talk over sockets in a private folder: no port is open, and no settings or
    history of whoever runs the tests are read or written. The folder is not pytest's, since
    the path of such a socket may have only some 100 characters.
    """
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    with tempfile.TemporaryDirectory() as private:
        manager = {"transport": "ipc", "connection_file": f"{private}/kernel.json"}
        left_out = (DATA, HOME, "MPLBACKEND")
        environment = {key: value for key, value in os.environ.items() if key not in left_out}
        environment |= {"IPYTHONDIR": private, "JUPYTER_CONFIG_DIR": private}
        named = {DATA: data, HOME: home}
        environment |= {key: str(path) for key, path in named.items() if path is not None}
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            config=Config(KernelManager=manager),
            resources={"metadata": {"path": private}},
        )
        return client.execute(env=environment)


def printed(notebook: NotebookNode, stream: str) -> str:
    """All that the cells wrote to `stdout` or `stderr`."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(o.text for o in outputs if o.output_type == "stream" and o.name == stream)


def pictures(notebook: NotebookNode) -> int:
    """How many cells' outputs are pictures."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def words(notebook: NotebookNode) -> str:
    """All that a reader sees of the outputs, pictures apart."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [text for o in outputs for key, text in o.get("data", {}).items() if "image" not in key]
    return "\n".join([printed(notebook, "stdout"), *map(str, shown)])


def named(notebook: NotebookNode, account_ids: Iterable[str]) -> set[str]:
    """The account ids among the words of the outputs; short numbers are no ids there."""
    return {word for word in re.findall(r"\w+", words(notebook)) if len(word) > 4} & set(
        account_ids
    )
