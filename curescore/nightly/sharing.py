"""Sharing: the capacity plan of a run, made of all its chunks before any is decided."""

from pathlib import Path

import numpy as np

from curescore.nightly.kept import stakes_kept
from curescore.nightly.manifest import Manifest, RunError
from features.clock import CYCLE_DAYS
from models.generation import Generation
from models.intensity.capacity import Capacity
from models.intensity.ladder import RESOURCES
from models.intensity.plan import Plan, PlanError, Terms, latest, read_plan, write_plan
from models.intensity.rules.version import RULES_VERSION
from models.intensity.stakes import Shared, lasting, share
from service.served.folders import keep
from service.served.kept import plan_folder

PLANS = "plan"  # the run's folder that holds its plan


def make_plan(
    out: Path, kept: Path, chunks: int, run: Manifest, generation: Generation, capacity: Capacity
) -> None:
    """Share the capacity out among the accounts of all chunks, and write the plan into the run."""
    stakes, keys = stakes_kept(kept, chunks)
    shared = share(stakes, generation.policy.numbers.use, capacity.per_cycle)
    terms = _terms(run, generation, capacity, shared)
    write_plan(out / PLANS, terms, keys, shared.level.astype(np.uint8))


def plan_of(out: Path) -> Plan | None:
    """The plan of the run, where it has been made; RunError where it cannot be used."""
    folder = latest(out / PLANS)
    try:
        return None if folder is None else read_plan(folder)
    except PlanError as error:
        raise RunError(str(error)) from error


def publish(out: Path, plans: Path) -> None:
    """Put the run's plan among those of which the service uses the latest."""
    plan = plan_of(out)
    if plan is None:
        raise RunError(f"{out / PLANS} holds no plan any more: name a new folder for the run")
    if not (plans / plan.terms.name).exists():
        write_plan(plans, plan.terms, plan.keys, plan.levels)


def keep_plan(out: Path, cache: Path) -> None:
    """Keep the run's plan, published or not, where replays of its decisions find it."""
    plan, folder = plan_of(out), latest(out / PLANS)
    if plan is not None and folder is not None:
        keep(folder, cache / plan_folder(plan.terms.run_id))


def _terms(run: Manifest, generation: Generation, capacity: Capacity, shared: Shared) -> Terms:
    prices = lasting(shared.prices, capacity.per_cycle)
    policy = generation.policy
    return Terms(
        run_id=str(run.run_id),
        as_of=run.as_of,
        decided_at=run.decided_at,
        prices=dict(zip(RESOURCES, prices.tolist(), strict=True)),
        capacity={name: getattr(capacity.per_day, name) for name in RESOURCES},
        use=dict(zip(RESOURCES, (shared.use / CYCLE_DAYS).tolist(), strict=True)),
        value=shared.value,
        bound=shared.bound,
        keeps_minimum=shared.keeps_minimum,
        bundles={target: bundle.sha256 for target, bundle in generation.bundles.items()},
        policy_sha256=policy.sha256,
        estimate_sha256=policy.estimate_sha256,
        currencies=dict(policy.currencies),
        rules=RULES_VERSION,
        n=len(shared.level),
    )
