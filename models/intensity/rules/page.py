"""The page docs/rules.md, written from the book of rules."""

from models.intensity.ladder import ESCALATE, LEVEL_NAMES
from models.intensity.rules.book import EVERYWHERE, JURISDICTIONS
from models.intensity.rules.rule import ANYWHERE, Cap, Duty, Frequency, Hours, Rule

HEAD = """# The rules

What takes levels, channels and hours away. Protections, holds and hard rules do so whatever the
policy says. **A rule that is only a sentence** (opting out, records, whom to speak to …) **is not
enforced here**: it tells what those who make contact owe besides. This page is written from
the code by `curescore policy rules --markdown`; how a level is chosen is told in
[policy.md](policy.md). **It is not legal advice**: each bank decides which rules bind it.

**Whose rules.** An account has the rules of its `jurisdiction` and of every jurisdiction that this
is part of: US-NY-NYC has those of US too, and US-TX has those of US. The strictest one wins, and
a decision names it. Where none are known, every frequency and hours rule of this page applies, at
any date, and the decision says so (`rules_of` is `strictest`).

**Hard or advisory.** An *advisory* rule is a presumption, a guideline or a recommended standard. It
binds like a hard one unless the policy says `advisory_rules = "tell"`: then it is shown among the
limits and takes nothing away. The **confidence** is how surely the source says it; *own* marks a
rule of this product.

**Days** are calendar days at the debtor's place. A rule holds from 00:00 of the day named under
*since*, there; what was done before that day counts too. A window of N days is today and the N − 1
days before it. Once as many contacts as allowed lie in it, the channels that the rule closes stay
closed until the oldest of these has left the window. Agreement to more contact than a rule allows
is not known to the product, so it lifts no rule.

**What counts.** *Out* is contact made, *in* contact by the debtor; where no outcomes are named,
every attempt counts, answered or not. A rule per account reads the account's own contacts; one
per debtor or contact point also those with the debtor on the debtor's other accounts. A decision
does not choose the number to dial, so a channel is closed as soon as any one contact point is used
up; contacts without `contact_point_id` count together as one. Where `place` is not given, it is
*unknown*.

**Levels.** A level is taken away where its main channel stays closed for as long as the decision
is valid, or where it plans more contacts a week by that channel than a rule on attempts over 7 or
more days allows.
"""
_COLUMNS = ("rule", "says", "holds for", "since", "force", "confidence", "source")


def rules_page() -> str:
    """The page as Markdown: the conventions, then a table for each jurisdiction."""
    sections = [_section(name, rules) for name, rules in JURISDICTIONS.items()]
    return "\n".join([HEAD, *sections, _section("Everywhere", EVERYWHERE)])


def _section(name: str, rules: tuple[Rule, ...]) -> str:
    head = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    return "\n".join([f"## {name}", "", *head, *map(_row, rules), ""])


def _row(rule: Rule) -> str:
    cells = (
        f"`{rule.id}`",
        says(rule),
        rule.holds_for,
        str(rule.effective_from or ""),
        "advisory" if rule.advisory else "hard",
        rule.confidence,
        rule.citation,
    )
    return f"| {' | '.join(cells)} |"


def says(rule: Rule) -> str:
    """What the rule asks for, as a phrase; TypeError for a rule of another kind."""
    match rule:
        case Frequency():
            return _frequency(rule)
        case Hours():
            return (
                f"from {_hour(rule.start)} until before {_hour(rule.end)} only: "
                f"{', '.join(rule.channels)}"
            )
        case Cap():
            return _cap(rule)
        case Duty():
            return rule.text
    raise TypeError(type(rule).__name__)


def _frequency(rule: Frequency) -> str:
    counted = [", ".join(rule.channels), " or ".join(rule.directions)]
    if not rule.of_attempts:
        counted.append(f"outcome {', '.join(rule.outcomes)}")
    if rule.places != ANYWHERE:
        counted.append(f"place {', '.join(rule.places)}")
    days = "a day" if rule.days == 1 else f"in {rule.days} days"
    closes = f"closes {', '.join(rule.blocks)}" if rule.blocks else "closes nothing: it is told"
    return (
        f"{rule.counter.replace('_', ' ')}: at most {rule.most} {days} per "
        f"{rule.per.replace('_', ' ')} ({'; '.join(counted)}); {closes}"
    )


def _hour(hour: float) -> str:
    return f"{int(hour)}:{round(hour % 1 * 60):02d}"


def _cap(rule: Cap) -> str:
    parts = []
    if rule.cap < ESCALATE:
        parts.append(f"level at most {rule.cap} ({LEVEL_NAMES[rule.cap]})")
    if rule.blocks:
        parts.append(f"closes {', '.join(rule.blocks)}")
    if rule.treatment is not None:
        parts.append(f"treatment {rule.treatment}")
    return "; ".join(parts)
