"""What each figure is, in the words of the page and the command."""

HONEST = (
    "Figures by level, channel or treatment are not effects: these were chosen by need, so that "
    "the hard cases get the most contact. What contact changes is estimated by "
    "`curescore policy estimate`."
)

DEFINITIONS: dict[str, str] = {
    "cycles": "All decisions in force of an account between two statements count once, with the "
    "attributes of the last one made while it was late. Figures are of late accounts.",
    "cure": "Share of cycles whose next statement has nothing past due, or is paid off: the label "
    "of training. Cycles without a label (immature, missing, censored, outside) are counted "
    "apart. Intervals are Wilson's at 95%, on the effective number of rows by debtor.",
    "days_to_cure": "Of the cycles that cured: days from the first late decision of the cycle to "
    "the payment that covered what was past due, or else to the statement that shows the cure.",
    "recovered": "Payments that stand, after a decision and until the account's next one, 30 days "
    "at most. Each counts once.",
    "cost_per_unit": "The policy's expected cost of the level decided, not invoices, over what was "
    "recovered, of cycles whose time to pay has ended.",
    "contacts_per_cure": "Outgoing contacts of the labelled cycles over their cures; cures that "
    "would have come anyway count too.",
    "reach": "Of the cycles with an outgoing contact, the share that a conversation followed, "
    "whoever began it.",
    "promises": "Of the promises that fell due, the share that payments kept. Open: not due yet; "
    "undated: no day was named.",
}
