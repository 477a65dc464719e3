from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.errors import InputError
from features.tables import OUTCOMES, TABLES
from training.panels import panel_of
from training.sources import simulate as simulation
from training.sources.simulate import simulate
from training.sources.simulated.contacting import NOTHING, Approached, contact_rows
from training.sources.simulated.laws import LAWS, LEVELS
from training.tables import Tables, read_tables

ACCOUNTS, MONTHS, SEED = 3_000, 12, 5
CENT = 0.005
BY_LEVEL = [f"probability_{level}" for level in range(LEVELS)]
PROPENSITIES = [f"propensity_{level}" for level in range(LEVELS)]

Portfolio = tuple[Tables, pd.DataFrame]


def truth_of(folder: Path) -> pd.DataFrame:
    truth = pd.read_parquet(folder / "truth.parquet")
    for name in ("statement_date", "next_statement_date"):
        truth[name] = pd.to_datetime(truth[name]).dt.as_unit("s")
    return truth


@pytest.fixture(scope="session")
def portfolio_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Portfolio]:
    made: dict[str, Portfolio] = {}

    def get(law: str) -> Portfolio:
        if law not in made:
            folder = tmp_path_factory.mktemp("simulated") / law
            simulate(folder, ACCOUNTS, MONTHS, SEED, law)
            made[law] = read_tables(folder), truth_of(folder)
        return made[law]

    return get


@pytest.fixture
def portfolio(portfolio_of: Callable[[str], Portfolio]) -> Portfolio:
    return portfolio_of("reminder")


@pytest.fixture
def late(portfolio: Portfolio) -> pd.DataFrame:
    """Truth about late accounts, with the days past due they had."""
    tables, truth = portfolio
    seen = tables.statements[["account_id", "statement_date", "days_past_due"]]
    rows = truth.merge(seen, on=["account_id", "statement_date"])
    return rows[(rows["days_past_due"] > 0) & ~rows["censored"]]


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        simulate(tmp_path / name, 300, 4, seed)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name
    read = [(tmp_path / name / "statements.parquet").read_bytes() for name in ("a", "c")]
    assert read[0] != read[1]


def test_chunks_are_streamed_and_the_first_does_not_depend_on_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "CHUNK", 200)
    done: list[int] = []
    simulate(tmp_path / "one", 200, 4, SEED)
    simulate(tmp_path / "three", 500, 4, SEED, progress=done.append)
    assert done == [200, 200, 100]
    for name in (*TABLES, "truth"):
        with pq.ParquetFile(tmp_path / "three" / f"{name}.parquet") as file:
            assert file.num_row_groups == 3
            first = file.read_row_group(0)
        assert first.equals(pq.read_table(tmp_path / "one" / f"{name}.parquet")), name
    tables = read_tables(tmp_path / "three")  # ids of all chunks differ, or it would refuse
    assert len(tables.accounts) == 500


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "out", 100, 3, SEED, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_tables_is_replaced_only_if_forced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    simulate(out, 50, 3, SEED)
    before = (out / "accounts.parquet").read_bytes()
    with pytest.raises(InputError, match="already holds tables"):
        simulate(out, 60, 3, SEED)
    assert (out / "accounts.parquet").read_bytes() == before
    simulate(out, 60, 3, SEED, force=True)
    assert len(read_tables(out).accounts) == 60


@pytest.mark.parametrize(
    ("argument", "value"),
    [("accounts", 0), ("months", 1), ("seed", -1), ("law", "gravity"), ("currency", "dollars")],
)
def test_arguments_out_of_range_are_told(tmp_path: Path, argument: str, value: object) -> None:
    arguments = {"accounts": 10, "months": 3, "seed": 1, "law": "none", "currency": "USD"}
    with pytest.raises(InputError, match=f"{argument}: ") as caught:
        simulate(tmp_path / "out", **(arguments | {argument: value}))  # type: ignore[arg-type]
    assert caught.value.remedy
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("law", LAWS)
def test_every_law_makes_tables_that_pass_all_checks(
    portfolio_of: Callable[[str], Portfolio], law: str
) -> None:
    tables, _ = portfolio_of(law)
    assert set(tables.present()) == set(TABLES)
    assert panel_of(tables).panel.accounts == ACCOUNTS


def test_the_portfolio_has_all_kinds(portfolio: Portfolio) -> None:
    tables, _ = portfolio
    accounts, contacts = tables.accounts, tables.contacts
    assert contacts is not None
    for column in ("product", "security"):
        assert set(accounts[column]) == set(TABLES["accounts"].column(column).codes)
    assert {"US", "US-NY-NYC", "US-MA", "CN", "GB"} == set(accounts["jurisdiction"])
    assert accounts["timezone"].nunique() > 4
    assert accounts["currency"].unique().tolist() == ["USD"]
    assert set(tables.statements["status"]) == set(TABLES["statements"].column("status").codes)
    assert set(contacts["outcome"]) == set(OUTCOMES)
    assert set(contacts["direction"]) == {"in", "out"}
    assert accounts["debtor_id"].nunique() < ACCOUNTS
    assert tables.statements.groupby("account_id").size().nunique() == MONTHS
    assert 0.001 < accounts["hardship"].mean() < 0.05


def consecutive(tables: Tables, truth: pd.DataFrame) -> pd.DataFrame:
    """Each statement beside the next one, where neither is lost, and what was charged."""
    now = tables.statements.merge(truth, on=["account_id", "statement_date"])
    following = tables.statements.rename(columns={"statement_date": "next_statement_date"})
    return now.merge(following, on=["account_id", "next_statement_date"], suffixes=("", "_next"))


def test_balance_moves_by_what_is_charged_and_paid(portfolio: Portfolio) -> None:
    pairs = consecutive(*portfolio)
    assert len(pairs) > 10 * ACCOUNTS / 2
    expected = pairs["balance"] + pairs["charges"] - pairs["amount_paid_next"]
    assert (pairs["balance_next"] - expected).abs().max() < CENT
    assert (pairs["charges"] >= 0).all()


def test_days_past_due_follow_from_what_was_due_and_paid(portfolio: Portfolio) -> None:
    pairs = consecutive(*portfolio)
    pairs = pairs[~pairs["censored"]]
    paid_all = pairs["amount_paid_next"] >= pairs["amount_due"] - CENT
    assert (paid_all == (pairs["days_past_due_next"] == 0)).all()
    assert (paid_all == pairs["cured"]).all()
    growth = pairs["days_past_due_next"] - pairs["days_past_due"]
    assert growth.max() == 30
    unpaid = pairs["amount_paid_next"] == 0
    assert (growth[unpaid & ~paid_all] == 30).all()
    assert (pairs["amount_due"] <= pairs["balance"].clip(lower=0) + CENT).all()


def test_amount_paid_is_the_sum_of_the_cycle_s_payments(portfolio: Portfolio) -> None:
    tables, truth = portfolio
    assert tables.payments is not None
    zones = tables.accounts.set_index("account_id")["timezone"]
    payments = tables.payments[~tables.payments["reversed"]].copy()
    assert 0 < tables.payments["reversed"].mean() < 0.05
    zone = payments["account_id"].map(zones)
    for name in zone.unique():
        here = zone == name
        local = payments.loc[here, "received_at"].dt.tz_convert(name).dt.tz_localize(None)
        payments.loc[here, "day"] = local.dt.normalize()
    pairs = consecutive(tables, truth)
    spans = pairs[["account_id", "statement_date", "next_statement_date", "amount_paid_next"]]
    joined = payments.merge(spans, on="account_id")
    within = (joined["day"] > joined["statement_date"]) & (
        joined["day"] <= joined["next_statement_date"]
    )
    sums = joined[within].groupby(["account_id", "statement_date"])["amount"].sum()
    keys = pd.MultiIndex.from_frame(spans[["account_id", "statement_date"]])
    paid = sums.reindex(keys).fillna(0.0).to_numpy()
    np.testing.assert_allclose(paid, spans["amount_paid_next"], atol=CENT)


def test_nobody_promises_nothing_where_a_cent_is_due() -> None:
    n = 200
    late = Approached(
        level=np.full(n, LEVELS - 1),
        **{
            name: np.full(n, 0.5)
            for name in ("willingness", "ability", "forgetfulness", "reachability")
        },
        out_of_work=np.full(n, False),
        aggrieved=np.full(n, False),
        amount_due=np.full(n, 0.01),
        paid=np.zeros(n),
        paid_day=np.full(n, NOTHING),
        settles=np.full(n, False),
    )
    promised = contact_rows(np.random.default_rng(1), late).promised_amount
    assert (promised[~np.isnan(promised)] == 0.01).all()
    assert (~np.isnan(promised)).sum() > 20


def test_what_is_taken_back_is_so_days_later_and_before_the_statement(portfolio: Portfolio) -> None:
    tables, _ = portfolio
    assert tables.payments is not None
    payments = tables.payments
    assert (payments["reversed_at"].notna() == payments["reversed"]).all()
    back = payments[payments["reversed"]]
    assert len(back) > 50
    days = (back["reversed_at"] - back["received_at"]).dt.total_seconds() / 86_400
    assert set(days.round()) == {2, 3, 4, 5}
    # A statement leaves them out of what was paid, so it must be able to know.
    spans = tables.statements[["account_id", "statement_date"]].sort_values("statement_date")
    spans["day"] = spans["statement_date"].astype("datetime64[us]")
    for at in ("received_at", "reversed_at"):
        moment = back.assign(day=back[at].dt.tz_localize(None)).sort_values("day")
        found = pd.merge_asof(moment, spans, on="day", by="account_id", direction="forward")
        back = back.merge(
            found[["payment_id", "statement_date"]].rename(columns={"statement_date": f"of_{at}"}),
            on="payment_id",
        )
    assert back["of_reversed_at"].notna().all()
    assert (back["of_received_at"] == back["of_reversed_at"]).mean() > 0.99


def test_an_account_ends_with_its_last_statement(portfolio: Portfolio) -> None:
    statements = portfolio[0].statements
    last = statements.groupby("account_id")["statement_date"].transform("max")
    ended = statements["status"].isin(["paid_off", "charged_off", "sold"])
    assert (statements.loc[ended, "statement_date"] == last[ended]).all()
    off = statements[statements["status"] == "charged_off"]
    assert (off["days_past_due"] >= 180).all()
    assert (statements.loc[~ended, "days_past_due"] < 180).all()
    assert (statements.loc[statements["status"] == "paid_off", "balance"] == 0).all()


def test_accounts_stand_as_the_last_statement_left_them(portfolio: Portfolio) -> None:
    tables, _ = portfolio
    last = tables.statements.sort_values("statement_date").groupby("account_id").last()
    joined = tables.accounts.join(last, on="account_id", suffixes=("", "_last"))
    owned = joined[joined["status"] != "sold"]
    for column in ("balance", "days_past_due"):
        assert (owned[column] == owned[f"{column}_last"]).all()
    assert (joined.loc[joined["status"] == "sold", ["balance", "past_due_amount"]] == 0).all(
        axis=None
    )
    assert ((owned["past_due_amount"] > 0) == (owned["days_past_due"] > 0)).all()
    first = tables.statements.groupby("account_id")["statement_date"].min()
    opened = tables.accounts["opened_on"]
    assert (opened.dropna() <= tables.accounts["account_id"].map(first)[opened.notna()]).all()


def test_truth_is_calibrated(late: pd.DataFrame) -> None:
    assert abs(late["cured"].mean() - late["probability"].mean()) < 0.02
    tenth = pd.qcut(late["probability"], 5, labels=False)
    by_tenth = late.groupby(tenth)[["cured", "probability"]].mean()
    assert (by_tenth["cured"] - by_tenth["probability"]).abs().max() < 0.06


def test_rates_of_cure_are_those_of_a_bank(late: pd.DataFrame) -> None:
    rates = late.groupby("days_past_due")["cured"].mean()
    assert 0.4 < rates[30] < 0.6
    assert rates[30] > rates[60] > rates[90] > rates[120]
    assert rates[120] < 0.2


def test_probability_is_that_of_the_level_in_force(late: pd.DataFrame) -> None:
    chosen = late[BY_LEVEL].to_numpy()[np.arange(len(late)), late["level"].astype(int)]
    np.testing.assert_array_equal(chosen, late["probability"])


@pytest.mark.parametrize("law", [law for law in LAWS if law != "none"])
def test_levels_have_an_effect_that_differs_between_accounts(
    portfolio_of: Callable[[str], Portfolio], law: str
) -> None:
    _, truth = portfolio_of(law)
    by_level = truth[BY_LEVEL].dropna().to_numpy()
    effect = by_level[:, 3] - by_level[:, 0]
    assert effect.std() > 0.05
    assert (effect > 0.1).mean() > 0.05
    assert (effect < -0.02).any()
    assert len(np.unique(by_level.argmax(axis=1))) > 1


def test_without_an_effect_all_levels_are_alike(portfolio_of: Callable[[str], Portfolio]) -> None:
    by_level = portfolio_of("none")[1][BY_LEVEL].dropna().to_numpy()
    assert len(by_level) > 100
    assert np.ptp(by_level, axis=1).max() == 0


def test_the_laws_favour_different_accounts(portfolio_of: Callable[[str], Portfolio]) -> None:
    def effect_on(law: str, hidden: str) -> float:
        truth = portfolio_of(law)[1].dropna(subset=BY_LEVEL)
        effect = truth["probability_2"] - truth["probability_0"]
        return float(effect.corr(truth[hidden], method="spearman"))

    assert effect_on("reminder", "forgetfulness") > 0.3
    assert abs(effect_on("pressure", "forgetfulness")) < 0.15
    assert effect_on("pressure", "ability") > 0.5
    assert abs(effect_on("reminder", "ability")) < 0.4
    assert effect_on("threshold", "reachability") > 0.1
    assert abs(effect_on("pressure", "reachability")) < 0.1


def test_propensities_sum_to_one_and_levels_are_drawn_by_them(portfolio: Portfolio) -> None:
    assignments = portfolio[0].assignments
    assert assignments is not None
    propensities = assignments[PROPENSITIES].to_numpy()
    np.testing.assert_allclose(propensities.sum(axis=1), 1, atol=1e-12)
    drawn = ~assignments["overridden"].to_numpy()
    level = assignments["level"].to_numpy()
    assert (propensities[np.arange(len(level)), level][drawn] > 0).all()
    for number in range(LEVELS):
        expected = propensities[drawn, number]
        spread = np.sqrt((expected * (1 - expected)).sum())
        assert abs((level[drawn] == number).sum() - expected.sum()) < 4 * spread
    assert (level == 0).mean() > 0.1
    assert 0 < (level == 4).mean() < 0.1
    assert 0 < assignments["overridden"].mean() < 0.03
    assert set(assignments["arm"]) == {"ordinary", "explore"}


def test_flags_cap_the_level(portfolio: Portfolio) -> None:
    tables, _ = portfolio
    assert tables.assignments is not None
    joined = tables.assignments.merge(tables.accounts, on="account_id")
    hard = joined[["dispute", "bankruptcy", "deceased", "cease_contact"]].any(axis=1)
    assert hard.any()
    assert (joined.loc[hard, "level"] == 0).all()
    assert (joined.loc[joined["vulnerable"] | joined["hardship"], "level"] <= 1).all()


def test_level_0_is_left_alone_and_hours_are_decent(portfolio: Portfolio) -> None:
    tables, truth = portfolio
    assert tables.contacts is not None
    contacts = tables.contacts[tables.contacts["direction"] == "out"]
    hours = panel_of(tables).panel.contacts.local_hour
    assert hours.min() >= 8
    assert hours.max() < 21
    alone = truth[truth["level"] == 0]
    joined = contacts.merge(alone[["account_id", "statement_date", "next_statement_date"]])
    at = joined["at"].dt.tz_localize(None)
    inside = (at > joined["statement_date"] + timedelta(days=2)) & (
        at < joined["next_statement_date"] - timedelta(days=1)
    )
    assert not inside.any()


def test_promises_name_an_amount_and_a_day_and_only_some_are_kept(portfolio: Portfolio) -> None:
    tables, _ = portfolio
    assert tables.contacts is not None
    assert tables.payments is not None
    promises = tables.contacts[tables.contacts["outcome"] == "promise"]
    others = tables.contacts[tables.contacts["outcome"] != "promise"]
    assert promises[["promised_amount", "promised_on"]].notna().all(axis=None)
    assert others[["promised_amount", "promised_on"]].isna().all(axis=None)
    made = promises["at"].dt.tz_localize(None)
    assert (promises["promised_on"] >= made.dt.normalize()).all()
    paid = promises.merge(tables.payments, on="account_id")
    received = paid["received_at"].dt.tz_localize(None)
    in_time = (received > paid["at"].dt.tz_localize(None)) & (
        received < paid["promised_on"] + timedelta(days=2)
    )
    kept = paid[in_time & ~paid["reversed"]].groupby("contact_id")["amount"].sum()
    share = (kept.reindex(promises["contact_id"]).fillna(0).to_numpy() > 0).mean()
    assert 0.2 < share < 0.9
