"""Nightly runs for tests: the command's words, what a run has written, and ends without warning."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from tests.servers import ROOT, command, completed_here, curescore_here

ACCOUNTS = 900
AS_OF = "2025-01-05T08:00:00+08:00"
SCARCE = {"agent_minutes": 200, "letters": 1}  # a day; about 320 and 3 are needed


def arguments(data: Path, out: Path, *more: str) -> tuple[str, ...]:
    """The command on so small chunks that there are several."""
    plain = ("--chunk", "200", "--workers", "1")
    return ("score", "--data", str(data), "--out", str(out), *plain, *more)


def decisions(out: Path) -> pd.DataFrame:
    return pq.read_table(out / "decisions").to_pandas()


def refused(out: Path) -> pd.DataFrame:
    return pq.read_table(out / "refused").to_pandas()


def contents(out: Path) -> dict[str, bytes]:
    """The bytes of every file of a run."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def outcome(environment: dict[str, str], *words: str) -> tuple[int, str]:
    done = completed_here(environment, *words)
    return done.returncode, done.stderr


def killed_when(
    environment: dict[str, str], words: tuple[str, ...], has_come: Callable[[], bool]
) -> bool:
    """Start the command and kill it, without warning, when that has come; whether it was."""
    process = subprocess.Popen(
        command(*words),
        env=os.environ | environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not has_come():
        time.sleep(0.001)
    process.kill()
    return process.wait() != 0


def moments(out: Path, kills: int, chunk: int) -> Iterator[Callable[[], bool]]:
    """When to kill a run, so often: as it has begun, then as it has done some chunks more."""
    rng, most = np.random.default_rng(kills), max(1, ACCOUNTS // chunk * 2 // 3 // kills)
    for k in range(kills):
        wanted = _done(out) + (int(rng.integers(1, most, endpoint=True)) if k else 0)
        yield lambda wanted=wanted: (out / "run.json").exists() and _done(out) >= wanted


def _done(out: Path) -> int:
    return len(list(out.glob("decisions/[!.]*")))


def undisturbed(run: Path, environment: dict[str, str], data: Path, out: Path, *more: str) -> Path:
    """The same run, from its beginning to its end at one go: the same manifest, nothing else."""
    out.mkdir()
    shutil.copy(run / "run.json", out / "run.json")
    for name in ("bundles", "policy"):
        shutil.copytree(run / name, out / name)
    curescore_here(environment, *arguments(data, out, "--workers", "1", *more))
    return out


def capacity_file(folder: Path, amounts: dict[str, float]) -> Path:
    """A file of these amounts a day."""
    path = folder / "capacity.toml"
    rows = (f"{name} = {amount}\n" for name, amount in amounts.items())
    path.write_text("[per_day]\n" + "".join(rows))
    return path
