"""A home whose registry has trained models, compared policies and their moves, all gathered."""

from pathlib import Path
from typing import NamedTuple

from models.intensity.policy import Policy, load_policy, policy_content
from models.score.bundle import load
from service.served.gathering import Gathering
from service.served.looking import Looking
from service.settings import Settings
from tests.policyfolders import policy_folder
from training.config import SearchConfig, TrainingConfig
from training.offpolicy.comparison import compare
from training.pipeline import train
from training.population import Window
from training.progress import silent
from training.promotion.challenge import Tables, challenge
from training.promotion.gate import GateSettings
from training.promotion.net_value import CURRENT, PROPOSED, net_value_verdict, registered
from training.promotions import Grounds
from training.registry import POLICY
from training.sources.simulate import simulate
from training.tables import read_tables
from training.tracking import Tracker

ACCOUNTS, MONTHS = 1_500, 10
REASON = "the board wants to see it decide"
TRAINING = TrainingConfig(
    max_trees=40,
    patience=10,
    threads=1,
    groups=3,
    bootstrap_draws=100,
    search=SearchConfig(trials=2),
)
GATE = GateSettings(draws=100, fairness_draws=100)


class Told(NamedTuple):
    """A home whose registry tells of models and policies, and whose cache has the evidence.

    Of `cure`, version 1 is champion and 2, trained beside it, challenger: 2 was promoted by force,
    and rolled back. Of `policy`, version 1, with an estimate, is champion and 2 challenger.
    """

    settings: Settings
    tracker: Tracker

    @property
    def cache(self) -> Path:
        return self.settings.cache

    def run_folder(self, name: str, version: int) -> Path:
        """Where the registry has the files of the run that made a version."""
        if name == POLICY:
            return self.tracker.folder(name, version).parent
        return self.tracker.bundle(f"models:/{name}/{version}").parents[2]


def told_in(home: Path) -> Told:
    """Simulate, train, compare, promote and gather in a new home: it takes half a minute."""
    settings = Settings(home=home, tracking_uri="", database_url="")
    told = Told(settings, Tracker(settings.tracking, home / "mlartifacts"))
    simulate(home / "data", ACCOUNTS, MONTHS, seed=4)
    _models(told)
    _policies(told)
    assert Looking(settings, {}).look() is None
    Gathering(settings).gather()
    return told


def _models(told: Told) -> None:
    data, tracker = told.settings.home / "data", told.tracker
    for seed in (TRAINING.seed, TRAINING.seed + 1):  # whose search finds a much worse one
        config = TRAINING.model_copy(update={"seed": seed})
        train(data, config, Window(), tracker, silent)
    second, first = (tracker.bundle(f"models:/cure/{version}") for version in (2, 1))
    verdict = challenge(second, first, Tables(data), GATE, silent)
    forced = Grounds(REASON, forced=not verdict.passed, checks=verdict.recorded())
    tracker.promote("cure", 2, forced)
    tracker.rollback("cure", Grounds("it was too early"))
    tracker.challenge("cure", 2)


def _policies(told: Told) -> None:
    home, tracker = told.settings.home, told.tracker
    champion = policy_folder(home, "winter")
    harder = home / "harder.toml"
    text = policy_content().decode()
    ordinary = 'M1 = { lowest = "none", highest = "call" }'
    assert ordinary in text
    harder.write_text(text.replace(ordinary, 'M1 = { lowest = "remind", highest = "call" }'))
    _registered(told, champion, load_policy(None), challenger=False)
    _registered(told, harder, load_policy(champion), challenger=True)
    assert (tracker.champion(POLICY), tracker.challenger(POLICY)) == (1, 2)


def _registered(told: Told, source: Path, current: Policy, *, challenger: bool) -> None:
    tables, policy = read_tables(told.settings.home / "data"), load_policy(source)
    bundle = load(told.tracker.bundle("models:/cure@champion"))
    named = {CURRENT: current, PROPOSED: policy}
    comparison = compare(tables, bundle, current, named, Window(), 1, silent)
    version = registered(told.tracker, source, policy, comparison)
    if challenger:
        told.tracker.challenge(POLICY, version, Grounds(REASON))
    else:
        checks = net_value_verdict(comparison).recorded()
        told.tracker.promote(POLICY, version, Grounds("better by judgement", checks=checks))
