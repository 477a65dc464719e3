"""`curescore policy promote`: a policy passes to the service where it is worth no less."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from curescore.champions import tell_champion
from curescore.console import Json, out
from curescore.options import CURE, AssignedData, AssignedFrom, AssignedUntil, Model, window_of
from curescore.policy_value import tell_value
from curescore.signing import SignWith, refuse_champion, sign_policy, signing_key
from curescore.working import working
from features.errors import InputError

if TYPE_CHECKING:
    from models.intensity.policy import Policy
    from models.signature import SigningKey
    from service.settings import Settings
    from training.offpolicy.comparison import Comparison
    from training.population import Window
    from training.promotion.gate import Verdict
    from training.promotions import Grounds
    from training.tracking import Tracker

REFUSED = 1


@dataclass(frozen=True)
class Current:
    """The policy that decides now; `version` is that of the champion, None where there is none."""

    version: int | None
    policy: "Policy"


@dataclass(frozen=True)
class Wanted:
    """What is to be promoted: the policy in `source`, as champion or as challenger."""

    source: Path
    policy: "Policy"
    challenger: bool


class Judged(NamedTuple):
    """The comparison with the current policy, and what follows from it."""

    comparison: "Comparison"
    verdict: "Verdict"


def promote(
    policy: Annotated[
        Path, typer.Argument(help="Policy file (TOML) or policy folder.", show_default=False)
    ],
    data: AssignedData,
    model: Model = CURE,
    start: AssignedFrom = None,
    until: AssignedUntil = None,
    challenger: Annotated[
        bool, typer.Option("--challenger", help="Let it be tried on a share of accounts.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Promote although it is refused.")] = False,
    reason: Annotated[
        str | None, typer.Option(help="Why; kept in the registry.", show_default=False)
    ] = None,
    sign_with: SignWith = None,
    json: Json = False,
) -> None:
    """Compare a policy with the current one, and let the service use it if it is worth no less.

    Judged is the net value on the assignments: the lower end of its 95% interval may not be below
    that of the current policy, and the assignments must have been drawn as they say; exit code 1
    where not. A challenger is compared, but not judged.
    Services that follow the registry use it when they next look, within seconds.

    Example: curescore policy promote var/policies/winter --data var/newest
    """
    from models.intensity.policy import load_policy
    from service.settings import load_settings
    from training.promotions import Grounds
    from training.registry import POLICY
    from training.tracking import Tracker

    _check_options(challenger=challenger, force=force, reason=reason)
    grounds, settings, key = Grounds(reason), load_settings(), signing_key(sign_with)
    wanted, tracker = Wanted(policy, load_policy(policy), challenger), Tracker.existing()
    current = _current(tracker, settings, force=force)
    if _is_champion(current, wanted):
        refuse_champion(POLICY, current.version, sign_with)
        tell_champion(tracker, POLICY, current.version, {"promoted": False}, as_json=json)
        return
    judged = _judged(data, model, window_of(start, until), current, wanted)
    moved = challenger or judged.verdict.passed or force
    version = _moved(tracker, current, wanted, judged, grounds, key) if moved else None
    warnings = list(_warnings(tracker, settings, current, wanted)) if moved else []
    if not json:
        tell_value(judged.comparison.document)
        out.print(_outcome(judged, wanted, current, version), soft_wrap=True)
        for warning in warnings:
            out.print(f"warning: {warning}", markup=False, soft_wrap=True)
    told = {
        "version": version,
        "promoted": moved and not challenger,
        "checks": judged.verdict.document(),
        "warnings": warnings,
        "comparison": judged.comparison.document,
    }
    tell_champion(tracker, POLICY, current.version, told, as_json=json)
    if not moved:
        raise typer.Exit(REFUSED)


def _check_options(*, challenger: bool, force: bool, reason: str | None) -> None:
    if challenger and force:
        remedy = "Leave --force: a challenger is not judged, and the champion stays."
        raise InputError("--challenger", "needs no force", remedy)
    if force and not (reason or "").strip():
        remedy = "Say with --reason TEXT why the bound should not count; it is recorded."
        raise InputError("--force", "needs a reason", remedy)


def _current(tracker: "Tracker", settings: "Settings", *, force: bool) -> Current:
    """The champion; where there is none, what the service uses instead.

    So too, by force, where the champion cannot be loaded; InputError without.
    """
    from models.intensity.policy import load_policy
    from models.score.manifest import BundleError
    from training.registry import POLICY

    version = tracker.champion(POLICY)
    try:
        known = settings.policy if version is None else tracker.folder(POLICY, version)
        return Current(version, load_policy(known))
    except (InputError, BundleError) as error:
        if version is None or force:
            return Current(version, load_policy(settings.policy))
        remedy = "--force --reason TEXT compares with CURESCORE_POLICY, or the packaged policy."
        problem = f"is champion and cannot be loaded: {error}"
        raise InputError(f"models:/{POLICY}/{version}", problem, remedy) from error


def _is_champion(current: Current, wanted: Wanted) -> bool:
    """Whether it is champion already; InputError for a challenger that is."""
    from training.policies import digests

    same = current.version is not None and digests(current.policy) == digests(wanted.policy)
    if same and wanted.challenger:
        raise InputError(str(wanted.source), "is the champion", "Name another policy to try.")
    return same


def _judged(data: Path, model: str, window: "Window", current: Current, wanted: Wanted) -> Judged:
    """Both policies compared, by the current one's amounts, and what follows for the one wanted.

    Raises InputError for a policy that could not be served with the model or, as challenger,
    beside the current policy.
    """
    from models.intensity.exploration import challenging
    from training.assessment import load_bundle
    from training.config import TrainingConfig
    from training.offpolicy.comparison import compare
    from training.promotion.net_value import CURRENT, PROPOSED, net_value_verdict
    from training.tables import read_tables
    from training.tracking import bundle_folder

    if wanted.challenger:
        challenging(current.policy, wanted.policy)
    with working() as progress:
        progress("loading the model")
        bundle = load_bundle(bundle_folder(model))
        wanted.policy.rate(bundle.currency)  # refuses a currency that it has no rate for
        progress("reading the tables")
        named = {CURRENT: current.policy, PROPOSED: wanted.policy}
        tables = read_tables(data)
        seed = TrainingConfig().seed  # that of `curescore policy evaluate`
        comparison = compare(tables, bundle, current.policy, named, window, seed, progress)
    return Judged(comparison, net_value_verdict(comparison))


def _moved(
    tracker: "Tracker",
    current: Current,
    wanted: Wanted,
    judged: Judged,
    grounds: "Grounds",
    key: "SigningKey | None",
) -> int:
    """Register the policy, sign it where there is a key, and give it its alias; its version."""
    from training.promotion.net_value import registered
    from training.registry import POLICY

    version = registered(tracker, wanted.source, wanted.policy, judged.comparison)
    if key is not None:
        sign_policy(key, tracker, version, wanted.policy, challenger=wanted.challenger)
    if wanted.challenger:
        tracker.challenge(POLICY, version, grounds)
    else:
        verdict = judged.verdict
        why = replace(grounds, forced=not verdict.passed, checks=verdict.recorded())
        tracker.promote(POLICY, version, why, judged_against=current.version)
    return version


def _warnings(
    tracker: "Tracker", settings: "Settings", current: Current, wanted: Wanted
) -> Iterator[str]:
    """What keeps the policy from deciding anything, or changes who does."""
    named = "CHALLENGER" if wanted.challenger else "POLICY"
    if settings.models is not None:
        yield "CURESCORE_MODELS names a folder here: a service so set asks the registry for nothing"
    elif getattr(settings, named.lower()) is not None:
        yield f"CURESCORE_{named} is set here, and goes before the registry"
    if wanted.challenger:
        if not _share(current.policy):
            yield "the current policy gives a challenger no share ([exploration] challenger_share)"
    elif (other := _unfitting(tracker, wanted.policy)) is not None:
        yield f"the challenger, version {other}, takes no part any more: other rules or prices hold"


def _share(policy: "Policy") -> float:
    """The share of accounts that a challenger decides."""
    return 0.0 if policy.exploration is None else policy.exploration.challenger_share


def _unfitting(tracker: "Tracker", policy: "Policy") -> int | None:
    """The version of the challenger, where there is one that does not go with the policy."""
    from models.intensity.exploration import challenging
    from models.intensity.policy import load_policy
    from training.registry import POLICY

    version = tracker.challenger(POLICY)
    if version is None:
        return None
    try:
        challenging(policy, load_policy(tracker.folder(POLICY, version)))
    except InputError:
        return version
    return None


def _outcome(judged: Judged, wanted: Wanted, current: Current, version: int | None) -> str:
    """What was found and what came of it, in two lines."""
    from training.promotion.net_value import CURRENT, PROPOSED
    from training.value_page import interval

    told = judged.comparison.document["policies"]
    more = interval(told[PROPOSED]["minus"][CURRENT])
    low, least = (
        interval({"value": told[name]["net_dr"]["low"], "low": None, "high": None})
        for name in (PROPOSED, CURRENT)
    )
    found = (
        f"proposed less current: {more}; lower bounds: {low} of the proposed policy, {least} of "
        "the current one"
    )
    if wanted.challenger:
        share = _share(current.policy)
        came = f"challenger of policy: version {version}, which decides {share:.1%} of accounts"
    elif version is None:
        failed = [each for each in judged.verdict.checks if not each.passed]
        why = "; ".join(f"{each.check} {each.figure}, not {each.bound}" for each in failed)
        came = (
            f"refused ({why}): the current policy stays; --force --reason TEXT promotes it anyhow"
        )
    elif judged.verdict.passed:
        less = told[PROPOSED]["minus"][CURRENT]["value"] < 0
        though = ", by what it is sure to be worth, although its value is lower" if less else ""
        came = f"passed{though}, and registered as version {version}"
    else:
        came = f"promoted by force as version {version}, and the reason is recorded"
    if told[PROPOSED]["minus"][CURRENT] == {"value": 0.0, "low": 0.0, "high": 0.0}:
        found += "\nthe two give the same levels on these assignments: they cannot be told apart"
    return (
        f"{found}\n{came}\nservices that follow the registry use it when they next look: "
        "CURESCORE_RELOAD_SECONDS"
        if version
        else f"{found}\n{came}"
    )
