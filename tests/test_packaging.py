"""Locks and wheel: what is installed, and that nothing of the packages is left out."""

import fnmatch
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PROJECT["tool"]["setuptools"]["packages"]
LOCKS = ("all", "serve", "build", "mlflow", "peers", "fasttreeshap")


def lock_entries(name: str) -> list[str]:
    """The entries of a lock file, each with its hashes on one line."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [line for line in lines if line and not line.lstrip().startswith("#")]


def pins(name: str) -> dict[str, str]:
    found = {}
    for entry in lock_entries(name):
        match = re.match(r"([a-z0-9-]+)==(\S+)\s", entry)
        assert match, f"{name}.txt: not a pin: {entry[:60]}"
        found[match[1]] = match[2]
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes_and_none_an_address(name: str) -> None:
    for entry in lock_entries(name):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:60]
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|\s@\s|^\s*#.*\s/\w", text, re.M)


@pytest.mark.parametrize("name", ["serve", "build", "mlflow"])
def test_locks_agree(name: str) -> None:
    every = pins("all")
    assert {k: v for k, v in pins(name).items() if every.get(k) != v} == {}


@pytest.mark.parametrize(
    ("lock", "extras"),
    [("serve", []), ("all", ["train", "notebooks", "dev"])],
    ids=["serve", "all"],
)
def test_a_lock_satisfies_what_the_project_asks_for(lock: str, extras: list[str]) -> None:
    project, locked = PROJECT["project"], pins(lock)
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        assert name in locked, f"run `make lock`: {name} is missing"
        assert locked[name] in requirement.specifier, f"run `make lock`: {requirement}"


def test_what_serves_has_neither_training_nor_notebooks() -> None:
    unwanted = (
        "mlflow pandas pandera pyarrow scikit-learn shap matplotlib jupyter* notebook ipython"
    )
    unwanted += " nbclient ipykernel pytest setuptools flask gunicorn"
    for pattern in unwanted.split():
        assert fnmatch.filter(pins("serve"), pattern) == []


def test_every_package_is_named() -> None:
    there = {
        ".".join(file.parent.relative_to(ROOT).parts)
        for top in {name.split(".")[0] for name in PACKAGES}
        for file in (ROOT / top).rglob("*.py")
    }
    assert sorted(there) == sorted(PACKAGES)


def test_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    source = tmp_path / "source"
    tops = sorted({name.split(".")[0] for name in PACKAGES})
    for top in tops:
        copytree(ROOT / top, source / top, ignore=ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        copy(ROOT / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    build += ["--no-index", "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run(build, check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    files = {
        file.relative_to(ROOT).as_posix()
        for top in tops
        for file in (ROOT / top).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert files - packed == set()
