"""What the words and numbers of the card mean; the one place for their definitions."""

from typing import NamedTuple

from training.reference import ONCE_IN
from training.reliability import BAND_DRAWS, BINS


class Term(NamedTuple):
    """A word of the card and what it means."""

    name: str
    meaning: str


TERMS: dict[str, Term] = {
    "snapshot": Term(
        "snapshot",
        "One account at one instant, with what was known of it then: a row that trains or tests.",
    ),
    "cure": Term(
        "cure",
        "Days past due are 0 at one of the next statements of the horizon, or the account is paid "
        "off. A charge-off is not a cure.",
    ),
    "sustained": Term(
        "sustained cure",
        "A cure after which the account is still current at the two statements that follow.",
    ),
    "stays_current": Term(
        "stays current",
        "Days past due are 0 at every statement of the horizon, or the account is paid off.",
    ),
    "horizon": Term("horizon", "How many statements after the snapshot are looked at."),
    "stage": Term(
        "stage",
        "By days past due: pre_due 0, M1 1–30, M2 31–60, M3 61–90, M4+ above 90.",
    ),
    "target_rate": Term("target rate", "The share of snapshots that reached the target (label 1)."),
    "mean_predicted": Term("mean predicted", "The mean of the predicted probabilities."),
    "immature": Term("immature", "The label needs statements that lie beyond the data."),
    "missing": Term("missing", "A statement that the label needs is absent."),
    "censored": Term(
        "censored",
        "The account was restructured or sold before its label was known: re-ageing is not paying.",
    ),
    "not_drawn": Term(
        "not drawn",
        "Labelled, but of an account that was not drawn, as there were more rows than are used.",
    ),
    "unknown_at_test": Term(
        "label unknown at the test",
        "Rows before the test months whose label was not yet known when the test began. They "
        "neither train nor test.",
    ),
    "seen": Term(
        "seen and unseen accounts",
        "Test rows of accounts that also trained (in earlier months), and of accounts that did "
        "not. New accounts are like the unseen ones.",
    ),
    "interval": Term(
        "95% interval, in brackets",
        "The middle 95% of what the measure is when accounts (with all their rows) are drawn anew "
        "with replacement, so that months of one account count as hanging together.",
    ),
    "auc": Term(
        "AUC",
        "Area under the ROC curve: the chance that a row that reached the target is scored above "
        "one that did not. 0.5 is guessing, 1 is perfect. It judges the order alone.",
    ),
    "roc": Term(
        "ROC curve",
        "For every threshold, the share of rows above it among those that reached the target, "
        "against that among those that did not.",
    ),
    "ks": Term(
        "KS",
        "Kolmogorov–Smirnov: the largest distance between the two shares of the ROC curve at one "
        "threshold. 0 is guessing, 1 is perfect.",
    ),
    "brier": Term(
        "Brier score",
        "Mean squared difference of predicted probability and outcome (0 or 1). Lower is better; "
        "it depends on the target rate, so compare on the same rows only.",
    ),
    "log_loss": Term(
        "log loss",
        "Mean of minus the logarithm of the probability given to what happened. Lower is better; "
        "compare on the same rows only.",
    ),
    "difference": Term(
        "paired difference",
        "Our AUC minus the other's on the same rows, and on the same draws for the interval. Where "
        "the interval holds 0 the two cannot be told apart on these rows.",
    ),
    "days_past_due": Term(
        "days past due", "A baseline that needs no model: fewer days past due rank higher."
    ),
    "roll_rate": Term(
        "roll-rate table",
        "A baseline: the rate of the training rows by stage and stage of the month before.",
    ),
    "scorecard": Term(
        "scorecard",
        "A baseline: logistic regression on weights of evidence of binned features, the usual "
        "scorecard of banks.",
    ),
    "logistic": Term(
        "logistic regression",
        "A baseline: penalised logistic regression on the standardised features.",
    ),
    "untuned": Term(
        "untuned booster",
        "A baseline: LightGBM as it comes, on the same features; tells what tuning was worth.",
    ),
    "champion": Term(
        "champion",
        "The version in use when this model was trained. It may have trained on some of the test "
        "rows, which flatters it.",
    ),
    "calibration": Term(
        "calibration",
        "Whether probabilities are what they say: of rows given 70%, 70% reach the target.",
    ),
    "ece": Term(
        "ECE",
        f"Expected calibration error: rows in {BINS} bins of equal size by predicted probability "
        "(fewer where rows are few); the mean over rows of the distance between predicted and "
        "observed rate of their bin.",
    ),
    "band": Term(
        "band of a perfectly calibrated model",
        "Even a perfect model has an ECE above 0, since rows are few. The band is what it would "
        f"show on these rows ({BAND_DRAWS:,} simulations): its mean, and the 95th percentile, "
        "above which an ECE tells of miscalibration.",
    ),
    "line": Term(
        "calibration slope and intercept",
        "The line of the outcome on the predicted log-odds. Slope 1 and intercept 0 are right; a "
        "slope below 1 tells of predictions that are too extreme.",
    ),
    "deviation": Term(
        "deviation",
        "Observed minus predicted number, in binomial standard deviations. Beyond ±3 the level of "
        "the probabilities is off.",
    ),
    "offset": Term(
        "stage offset",
        "Log-odds added for accounts of a stage, where one straight line does not serve all.",
    ),
    "lift": Term(
        "lift", "The target rate of a tenth of the rows, by score, over that of all rows."
    ),
    "gain": Term(
        "gain",
        "Of all that reached the target, the share found among the rows scored highest.",
    ),
    "psi": Term(
        "PSI",
        "Population stability index: Σ (p − q) · ln(p / q) over bins, p the share in training and "
        "q the share in the test months. Usual reading: below 0.10 stable, to 0.25 to be looked "
        "at, above 0.25 shifted.",
    ),
    "chance": Term(
        "PSI by chance",
        "What rows of the same population show on average, as they are finite; and the limit that "
        f"they exceed once in {ONCE_IN:,} comparisons.",
    ),
    "reason": Term(
        "largest reason", "For each row the feature with the largest contribution, either way."
    ),
    "log_odds": Term(
        "log-odds",
        "ln(p / (1 − p)) of a probability p: 0 is 50%, +1 is 73%, −1 is 27%. Log-odds add up, "
        "probabilities do not; a log-odds of 0.3 is not 30%.",
    ),
    "contribution": Term(
        "contribution",
        "A feature's share in a row's score (SHAP value), in log-odds. Base + contributions + "
        "stage offset are the log-odds of the probability served.",
    ),
    "base": Term("base", "The log-odds from which contributions start: the average over training."),
    "ability": Term(
        "ability",
        "0–100: the account's percentile, in training, of the summed contributions of the features "
        "of ability to pay.",
    ),
    "willingness": Term(
        "willingness",
        "0–100: the same of the features that tell whether, when and how readily the debtor pays "
        "and answers.",
    ),
    "correlation": Term(
        "rank correlation",
        "Spearman's: whether two numbers put rows in the same order. 1 is the same, 0 is none.",
    ),
    "level": Term(
        "mean level",
        "Mean contact intensity (0 none to 4 escalate) that the packaged policy proposes "
        "by value, before any rule and where nothing is scarce; the effect of contact is assumed.",
    ),
    "gap": Term(
        "calibration gap",
        "Observed rate minus mean prediction of a group. Above 0 the model is too pessimistic of "
        "the group.",
    ),
    "auc_difference": Term("AUC difference", "The group's AUC minus that of all rows."),
    "compared": Term(
        "compared",
        "A group is compared where it has enough rows, and accounts with either outcome, for its "
        "figures to mean something.",
    ),
    "power": Term(
        "power alone",
        "AUC, on the training rows, of ranking by one feature alone. A feature that nearly tells "
        "the outcome by itself is likely to know it (a leak).",
    ),
    "audit": Term(
        "leak audit",
        "What came after each snapshot is exchanged between accounts and disturbed; features are "
        "computed again, and none may change.",
    ),
    "one_se": Term(
        "within one standard error",
        "Settings whose log loss on the folds is not further from the best than the standard error "
        "of the difference; the cheapest of them to explain is chosen, one that keeps to the "
        "known directions first.",
    ),
    "steps": Term(
        "steps", "Comparisons and additions that explaining one row takes: the same anywhere."
    ),
    "microseconds": Term(
        "microseconds", "Time to explain one row on the machine that trained, one row at a time."
    ),
    "digest": Term(
        "digest",
        "SHA-256: changes where a single byte changes. The same data, settings and versions give "
        "the same bundle digest.",
    ),
}
