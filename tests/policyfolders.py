"""Policy folders with a real estimate, learnt from the assignments of a simulated portfolio."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from features.matrix import matrix
from models.intensity.estimate import Content, write_estimate
from models.intensity.policy import ESTIMATE, PACKAGED, policy_content
from models.target import Outcome
from training.assigned import assigned
from training.panels import panel_of
from training.progress import silent
from training.response.learner import EFFECT_FEATURES, effect_columns, learn
from training.sources.simulate import simulate
from training.tables import read_tables

ACCOUNTS = 500


def policy_folder(folder: Path, name: str) -> Path:
    """A folder of the packaged policy, with `name` as its last line, and an estimate."""
    made = folder / name
    made.mkdir()
    (made / PACKAGED).write_bytes(policy_content() + f"# {name}\n".encode())
    write_estimate(made / ESTIMATE, _content())
    return made


@cache
def _content() -> Content:
    with TemporaryDirectory() as drawn:
        simulate(Path(drawn) / "data", ACCOUNTS, 12, seed=5)
        tables = read_tables(Path(drawn) / "data")
    panel, _ = panel_of(tables)
    rows = assigned(tables, panel, Outcome("cure", 1))
    features = matrix(panel, rows.view)
    learned = learn(features, rows, seed=1, progress=silent)
    golden = features[:10, effect_columns()]
    told = {"from": "2000-01-01", "until": "2000-12-31", "data_sha256": "0" * 64}
    return Content(learned.booster, EFFECT_FEATURES, learned.cells, learned.lines, told, golden)
