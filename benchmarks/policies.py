"""What policies are worth beside an oracle, how far logs tell it, and what the gate refuses."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import bad_logs
from benchmarks.intervals import AIM, CURES, NET, SMALL_MONTHS, claimed, covered
from benchmarks.report import Table, Topic
from benchmarks.worth import CHEAP, FRESH_MONTHS, MONTHS, PACKAGED, Say, known_of, worth
from models.intensity.ladder import LEVEL_NAMES
from training.config import TrainingConfig
from training.offpolicy.candidates import ALWAYS

LAWS = ("reminder", "pressure", "threshold")
ORACLE = "oracle"
_LABELS = {name: words[0] for name, words in ALWAYS.items()} | {ORACLE: "the oracle"}
_SETTINGS = {
    PACKAGED: "The packaged policy file",
    CHEAP: "Another setting: a file in which a contact costs and annoys a tenth of that",
}


def measure(
    folder: Path,
    accounts: int,
    logs: int,
    small: int,
    say: Say,
    laws: Sequence[str] = LAWS,
    config: TrainingConfig | None = None,
) -> Topic:
    """A log of so many accounts of each law; `logs` small ones of the first law and of none.

    `config` is how scores are fitted; None: as training does it.
    """
    known = {
        law: known_of(folder / law, law, accounts, config or TrainingConfig(), say) for law in laws
    }
    first = laws[0]
    return topic(
        {
            "worth": [worth(folder / law, law, accounts, known[law], say) for law in laws],
            "covered": covered(folder, first, logs, small, accounts, known[first], say),
            "claimed": claimed(folder, logs, small, say),
            "bad_logs": bad_logs.judged(folder, max(small, accounts // 5), first, say),
        }
    )


def topic(figures: Mapping[str, Any]) -> Topic:
    """The tables of what was found."""
    valued, seen = figures["worth"], figures["covered"]
    return Topic(
        "Policies",
        [
            f"Logs of {valued[0]['accounts']:,} simulated accounts × {MONTHS} months; values are "
            "net, in the policy's unit, of 1,000 assignments over those of no contact. Score, log, "
            "oracle and the fresh portfolio have seeds of their own. The oracle knows true effects "
            "as far as features tell them, and has the same rules.",
        ],
        [
            *(_true(valued, name) for name in (PACKAGED, CHEAP)),
            *(_log(each) for each in valued),
            *(_widths(valued, name) for name in (PACKAGED, CHEAP)),
            *(_covered(seen, name) for name in (PACKAGED, CHEAP)),
            _claimed(figures["claimed"]),
            _gate(figures["bad_logs"]),
        ],
        dict(figures),
    )


def _true(valued: Sequence[Mapping[str, Any]], setting: str) -> Table:
    headings = [part for each in valued for part in (each["law"], "of the oracle's")]
    rows = []
    for name, label in _LABELS.items():
        row = [label]
        for each in valued:
            true = each[setting]["true"]
            row += [_money(true[name]), _share(true[name], true[ORACLE])]
        rows.append(tuple(row))
    caption = (
        f"{_SETTINGS[setting]}: true net value on fresh portfolios of {FRESH_MONTHS} months "
        f"({_counts(valued, 'fresh')} assignments), the estimate being of the whole log "
        f"({_counts(valued, 'log')})."
    )
    return Table(("true net value", *headings), rows, caption)


def _log(found: Mapping[str, Any]) -> Table:
    rows = []
    for name, part in found[PACKAGED]["log"].items():
        cures = part[CURES]
        told = (_interval(part["net_dr"]), _interval(part["net_snips"]))
        extra = (f"{cures['true']:+.1f}", _interval(cures["dr"], 1))
        rows.append((_LABELS[name], _money(part["true"]), *told, *extra))
    headings = ("net", "DR, 95%", "SNIPS, 95%", "extra cures", "DR, 95%")
    caption = f"What the log of law {found['law']} says, beside what is true of its assignments:"
    return Table((f"on the log, {found['law']}", *headings), rows, caption)


def _widths(valued: Sequence[Mapping[str, Any]], setting: str) -> Table:
    rows = []
    for each in valued:
        log = each[setting]["log"]
        own, best = log["estimated"], log[ORACLE]
        rows.append(
            (
                each["law"],
                f"{each['log']:,}",
                *_width(_half(own["net_dr"]), own["bound"], best["true"]),
                *_width(_half(own[CURES]["dr"]), own[CURES]["bound"], best[CURES]["true"]),
            )
        )
    headings = ("assignments", "net ±", "bound ±", "of the gain", "cures ±", "bound ±", "of them")
    caption = (
        f"{_SETTINGS[setting]}: half-widths of what the log says of `estimated`, beside the least "
        "that an unbiased estimate can have (efficiency bound), and as a share of the oracle's "
        "gain and of its extra cures."
    )
    return Table(("how wide", *headings), rows, caption)


def _width(half: float, bound: float, gain: float) -> tuple[str, str, str]:
    digits = 0 if abs(gain) >= 1_000 else 1
    return f"{half:,.{digits}f}", f"{bound:,.{digits}f}", _share(half, gain)


def _covered(seen: Mapping[str, Any], setting: str) -> Table:
    part, logs = seen[setting], seen["logs"]
    rows = []
    for name, net in part[NET]["policies"].items():
        cures = part[CURES]["policies"][name]
        rows.append(
            (
                _LABELS[name],
                _money(net["true"]),
                f"{net['within']} of {logs}",
                f"{net['half_width']:,.0f}",
                _share(net["half_width"], part[NET]["gain"]),
                f"{cures['true']:+.1f}",
                f"{cures['within']} of {logs}",
                f"{cures['half_width']:.1f}",
            )
        )
    needed = " and ".join(
        f"±{part[each]['bound']:,.0f} ({words}), so that {AIM:.0%} of the oracle's needs "
        f"{part[each]['rows_for_aim']:,.0f} assignments at least"
        for each, words in ((NET, "net"), (CURES, "cures"))
    )
    caption = (
        f"{_SETTINGS[setting]}: {logs} logs of {seen['accounts']:,} accounts × {SMALL_MONTHS} "
        f"months, law {seen['law']}, about {seen['assignments']:,.0f} assignments each; how many "
        "DR intervals of 95% hold the true value of the population (of `estimated` that of the "
        f"log's own assignments). The bound for the oracle's policy at this size: {needed}."
    )
    headings = ("true net", "within", "median ±", "of the gain", "cures", "within", "median ±")
    return Table(("DR on small logs", *headings), rows, caption)


def _claimed(found: Mapping[str, Any]) -> Table:
    logs = found["logs"]
    estimated = Counter(tuple(cell) for log in logs for cell in log["estimated"])
    false = Counter(tuple(cell[:2]) for log in logs for cell in log["claimed"])
    rows = [
        (f"{stage}, {LEVEL_NAMES[level]}", str(n), str(false[stage, level]))
        for (stage, level), n in sorted(estimated.items())
    ]
    cells, claims = estimated.total(), false.total()
    rows.append(("all cells", str(cells), f"{claims} ({claims / max(cells, 1):.1%})"))
    some = sum(bool(log["claimed"]) for log in logs)
    doubted = sum(log["doubt"] is not None for log in logs)
    caption = (
        f"Law none, by which contact does nothing: {len(logs)} logs of {found['accounts']:,} "
        f"accounts × {MONTHS} months. In {some} of them at least one cell's interval of 95% left 0 "
        f"out; {doubted} were doubted."
    )
    return Table(("cell", "logs that estimate it", "that leave 0 out"), rows, caption)


def _gate(found: Mapping[str, Any]) -> Table:
    rows = []
    for name, each in found.items():
        doubt = each["doubt"]
        seen = "nothing" if doubt is None else f"{doubt['why']}: {doubt['seen']}"
        counted = Counter(cell["why"] or "estimated" for cell in each["cells"])
        cells = ", ".join(f"{n} {why}" for why, n in counted.most_common())
        rows.append((name, f"{each['assignments']:,}", seen, cells))
    return Table(("a log", "assignments", "what is doubted", "its 16 cells"), rows)


def _counts(valued: Sequence[Mapping[str, Any]], key: str) -> str:
    return ", ".join(f"{each[key]:,}" for each in valued)


def _half(figure: Mapping[str, float]) -> float:
    return (figure["high"] - figure["low"]) / 2


def _interval(figure: Mapping[str, float | None], digits: int = 0) -> str:
    if figure["value"] is None or figure["low"] is None or figure["high"] is None:
        return "–"
    low, high = (f"{figure[key]:+,.{digits}f}" for key in ("low", "high"))
    return f"{figure['value']:+,.{digits}f} [{low}, {high}]"


def _money(value: float) -> str:
    return f"{value:+,.0f}"


def _share(value: float, whole: float) -> str:
    return f"{value / whole:.2f}" if whole > 0 and value >= 0 else "–"
