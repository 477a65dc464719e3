"""The nightly run counts the contacts on a debtor's other accounts, in whichever chunk they are."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from curescore.nightly.run import run
from curescore.nightly.terms import Terms, Told
from models.intensity.capacity import Capacity, PerDay
from service.settings import Settings
from tests.csvtables import ACCOUNT, CONTACT, STATEMENT

SILENT = Told(lambda _: None, lambda _, __, ___: None, lambda _: None)
AS_OF = datetime(2025, 4, 1, 12, tzinfo=UTC)  # eight in the evening in Shanghai
IDS = [f"a{number}" for number in range(6)]
CALLS = 3  # effective ones a day, on all accounts of a debtor (GB/T 45251-2025)


def portfolio(folder: Path) -> Path:
    """Six accounts in China; the first and the last are one debtor's, who was called today."""
    folder.mkdir()
    place = {"jurisdiction": "CN", "timezone": "Asia/Shanghai", "days_past_due": "40"}
    debtors = {"a0": "d", "a5": "d", "a1": "e"}
    accounts = [
        ACCOUNT | place | {"account_id": name, "debtor_id": debtors.get(name)} for name in IDS
    ]
    accounts[3] |= {"days_past_due": "0"}  # no model decides it: its chunk has no decision
    statements = [STATEMENT | {"account_id": name, "statement_date": "2025-03-20"} for name in IDS]
    call = {name: CONTACT[name] for name in ("channel", "direction")} | {"outcome": "conversation"}
    contacts = [
        call | {"contact_id": f"c{hour}", "account_id": "a0", "at": f"2025-04-01T0{hour}:00:00Z"}
        for hour in range(1, 1 + CALLS)
    ]
    for name, rows in (("accounts", accounts), ("statements", statements), ("contacts", contacts)):
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.mark.parametrize("capacity", [None, Capacity(per_day=PerDay(letters=1e6))])
def test_contacts_on_the_debtors_other_accounts_are_counted_across_chunks(
    capacity: Capacity | None, tmp_path: Path, bundle_dir: Path
) -> None:
    out = tmp_path / "night"
    terms = Terms(portfolio(tmp_path / "data"), out, AS_OF, 0, 1, 1, capacity)
    summary = run(terms, Settings(home=tmp_path / "home", models=bundle_dir), SILENT)
    assert (summary["decided"], summary["refused"]) == (5, {"no-model-for-stage": 1})
    assert len(list((out / "decisions").iterdir())) == len(IDS)  # a chunk for each
    used: Counter[str] = Counter()
    for row in pq.read_table(out / "decisions").to_pylist():
        for limit in row["limits"]:
            if limit["per"] == "debtor":
                used[row["account_id"]] = limit["used"]
    assert used == Counter(a0=CALLS, a5=CALLS, a1=0, a2=0, a4=0)
