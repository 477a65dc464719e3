import os
import subprocess
import sys

import pytest

# In a process of its own: threads that another test's LightGBM has started stay for good.
COUNTED = """
import os, sys
import lightgbm
import numpy as np
from models.score.contributions import Explainer

rows = np.random.default_rng(0).normal(size=(3_000, 5))
settings = {"objective": "binary", "num_threads": 1, "verbose": -1}
booster = lightgbm.train(settings, lightgbm.Dataset(rows, rows[:, 0] > 0), 20)
explainer = Explainer(booster, int(sys.argv[1]))
assert (explainer.table_bytes > 0) == (int(sys.argv[1]) > 0)
before = len(os.listdir("/proc/self/task"))
explainer.explain(rows[:1])
explainer.explain(rows)
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.parametrize("table_limit", [0, 2**28], ids=["lightgbm", "tables"])
def test_explaining_starts_no_threads(table_limit: int) -> None:
    command = [sys.executable, "-c", COUNTED, str(table_limit)]
    # Without a word of its own LightGBM would take as many.
    environment = os.environ | {"OMP_NUM_THREADS": "4"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("0\n", 0), done.stderr
