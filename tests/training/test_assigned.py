"""Assignments: one for each account and cycle, with what became of the account."""

from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from features.panel import Indices, Panel
from training.assigned import Assigned, assigned
from training.labels import CURE
from training.panels import panel_of
from training.relations import PROPENSITIES
from training.sources.simulate import simulate
from training.tables import Tables, read_tables

DAY = pd.Timedelta(days=1)


class Simulated(NamedTuple):
    """A small portfolio, its assignments, and what it hides."""

    tables: Tables
    panel: Panel
    ids: np.ndarray
    rows: Assigned
    truth: pd.DataFrame


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    folder = tmp_path_factory.mktemp("simulated") / "tables"
    simulate(folder, 1_200, 10, seed=2)
    tables = read_tables(folder)
    panel, ids = panel_of(tables)
    truth = pd.read_parquet(folder / "truth.parquet")
    return Simulated(tables, panel, ids, assigned(tables, panel, CURE), truth)


def days(dates: pd.Series) -> pd.Series:
    return (pd.to_datetime(dates) - pd.Timestamp("1970-01-01")).dt.days


def table(tables: Tables) -> pd.DataFrame:
    assert tables.assignments is not None
    return tables.assignments


def as_frame(found: Simulated) -> pd.DataFrame:
    """The rows with what is hidden of their cycles."""
    rows = found.rows
    frame = pd.DataFrame({"account_id": found.ids[rows.account], "day": rows.day})
    truth = found.truth.assign(day=days(found.truth["statement_date"]))
    return frame.merge(truth, how="left", on=["account_id", "day"], validate="one_to_one")


def with_assignments(found: Simulated, frame: pd.DataFrame) -> Assigned:
    return assigned(replace(found.tables, assignments=frame), found.panel, CURE)


def test_one_for_each_account_and_cycle(simulated: Simulated) -> None:
    rows = simulated.rows
    assert len(rows) > 500
    pairs = np.column_stack([rows.account, rows.day])
    assert len(np.unique(pairs, axis=0)) == len(rows)
    order = np.lexsort((rows.day, rows.account))
    assert (order == np.arange(len(rows))).all()
    assert len(table(simulated.tables)) == len(rows) + sum(rows.left_out)


def test_labels_are_what_truly_became_of_each(simulated: Simulated) -> None:
    truth = as_frame(simulated)
    assert (truth["cured"].to_numpy() == simulated.rows.cured).all()
    assert not truth["censored"].any()
    assert 0.1 < simulated.rows.cured.mean() < 0.9


def test_levels_and_propensities_are_as_assigned(simulated: Simulated) -> None:
    """What a person chose instead is in force, and does not count."""
    rows = simulated.rows
    in_force = as_frame(simulated)["level"].to_numpy(dtype=np.int64)
    assert rows.overridden.any()
    assert (in_force == rows.level + rows.overridden).all()
    told = table(simulated.tables)
    told = told.assign(account=pd.Index(simulated.ids).get_indexer(told["account_id"]))
    told = told.assign(as_of=(told["at"] - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1))
    mine = pd.DataFrame({"account": rows.account, "as_of": rows.view.as_of})
    joined = mine.merge(told, how="left", on=["account", "as_of"], validate="one_to_one")
    assert (joined["level"] == rows.level).all()
    assert (joined[PROPENSITIES].to_numpy() == rows.propensity).all()


def test_stages_are_those_of_the_statement_before(simulated: Simulated) -> None:
    rows, panel = simulated.rows, simulated.panel
    column = rows.view.stop - 1
    late = panel.days_past_due[rows.account, column]
    assert (rows.day == panel.day[rows.account, column]).all()
    assert (rows.stage == np.digitize(late, [0.5, 30.5, 60.5, 90.5])).all()
    assert set(rows.stage) == {1, 2, 3, 4}
    assert (rows.past_due > 0).all()
    assert (rows.past_due <= rows.balance).all()


def test_amounts_past_due_are_those_of_the_accounts_table(simulated: Simulated) -> None:
    """As the source itself tells them after the last statement, whose cycle is made up here."""
    tables, accounts = simulated.tables, simulated.tables.accounts
    last = tables.statements.groupby("account_id").tail(1)
    told = last.merge(accounts[["account_id", "past_due_amount"]], on="account_id")
    late = (told["status"] == "open") & (told["days_past_due"] > 0)
    told = told[late]
    night = pd.to_datetime(told["statement_date"]).dt.tz_localize("UTC") + 2 * DAY
    extra = (
        table(tables)
        .iloc[: len(told)]
        .assign(account_id=told["account_id"].to_numpy(), at=night.to_numpy())
    )
    extra["at"] = pd.to_datetime(extra["at"], utc=True)
    after = [
        told[tables.statements.columns].assign(
            statement_date=told["statement_date"] + n * DAY, days_past_due=0
        )
        for n in (31, 61)  # two, so that no outcome lies beyond the data
    ]
    longer = replace(tables, statements=pd.concat([tables.statements, *after]), assignments=extra)
    panel, ids = panel_of(longer)
    found = assigned(longer, panel, CURE)
    assert len(found) > 20
    expected = told.set_index("account_id").loc[ids[found.account], "past_due_amount"]
    assert found.past_due == pytest.approx(expected.to_numpy())


def test_the_first_of_a_cycle_counts(simulated: Simulated) -> None:
    """Assigned again the next night, to another level: the cycle keeps what it began with."""
    frame = table(simulated.tables)
    again = frame.assign(at=frame["at"] + DAY, level=4, policy="later")
    found = with_assignments(simulated, pd.concat([again, frame]))
    old = simulated.rows
    assert found.left_out.repeated == old.left_out.repeated + len(frame)
    assert (found.level == old.level).all()
    assert (found.view.as_of == old.view.as_of).all()
    assert found.left_out._replace(repeated=0) == old.left_out._replace(repeated=0)


def test_the_order_of_the_table_does_not_matter(simulated: Simulated) -> None:
    found = with_assignments(simulated, table(simulated.tables).sample(frac=1, random_state=1))
    for name in ("level", "day", "cured", "past_due", "propensity"):
        assert np.array_equal(getattr(found, name), getattr(simulated.rows, name))


def test_why_assignments_are_left_out(simulated: Simulated) -> None:
    """Reasons, counted anew from the panel and from what is hidden."""
    left, panel = simulated.rows.left_out, simulated.panel
    frame = table(simulated.tables)
    truth = simulated.truth.assign(day=days(simulated.truth["statement_date"]))
    censored = truth[truth["censored"] & truth["level"].notna()]
    assert 0 < left.censored <= len(censored)
    assert left.unknown_amount > 0
    # None is after the last statement, as none is simulated there.
    assert left.immature == 0
    last = panel.day[:, -1]
    newest = np.flatnonzero((last == last.max()) & (panel.days_past_due[:, -1] > 0))
    night = pd.Timestamp(last.max(), unit="D", tz="UTC") + 2 * DAY
    late = simulated.ids[newest]
    extra = frame.iloc[: len(late)].assign(account_id=late, at=night.as_unit("us"))
    found = with_assignments(simulated, pd.concat([frame, extra])).left_out
    assert found.immature > 0
    assert found.immature + found.not_late + found.unknown_amount == (
        len(late) + left.not_late + left.unknown_amount
    )
    paid = simulated.ids[(last == last.max()) & (panel.days_past_due[:, -1] == 0)]
    extra = frame.iloc[: len(paid)].assign(account_id=paid[: len(frame)], at=night.as_unit("us"))
    found = with_assignments(simulated, pd.concat([frame, extra])).left_out
    assert found == left._replace(not_late=left.not_late + len(extra))


def test_before_the_first_statement_nobody_is_late(simulated: Simulated) -> None:
    frame = table(simulated.tables)
    early = frame.assign(at=frame["at"] - 3_000 * DAY).drop_duplicates("account_id")
    found = with_assignments(simulated, pd.concat([frame, early]))
    assert found.left_out == simulated.rows.left_out._replace(
        not_late=simulated.rows.left_out.not_late + len(early)
    )


@pytest.mark.parametrize("kept", [None, 0])
def test_no_assignments(simulated: Simulated, kept: int | None) -> None:
    frame = None if kept is None else table(simulated.tables).iloc[:kept]
    with pytest.raises(InputError, match="there are none"):
        assigned(replace(simulated.tables, assignments=frame), simulated.panel, CURE)


def test_a_window_of_statement_dates(simulated: Simulated) -> None:
    rows = simulated.rows
    first, last = (date.fromordinal(719_163 + int(np.quantile(rows.day, q))) for q in (0.3, 0.7))
    since, until = (days(pd.Series([each]))[0] for each in (first, last))
    kept = (rows.day >= since) & (rows.day <= until)
    found = rows.between(first, last)
    assert 0 < len(found) == kept.sum() < len(rows)
    assert (found.level == rows.level[kept]).all()
    assert len(rows.between(None, None)) == len(rows)
    assert len(rows.between(first, None)) == (rows.day >= since).sum()
    assert len(rows.between(None, last)) == (rows.day <= until).sum()
    with pytest.raises(InputError, match="has an outcome in these months"):
        rows.between(date(1990, 1, 1), date(1990, 12, 31))


def test_rows_are_taken_with_all_that_belongs_to_them(simulated: Simulated) -> None:
    some: Indices = np.array([7, 3, 100])
    found = simulated.rows.take(some)
    assert len(found) == 3
    for name in ("level", "day", "stage", "cured", "past_due", "balance", "account"):
        assert (getattr(found, name) == getattr(simulated.rows, name)[some]).all()
    assert found.left_out == simulated.rows.left_out


def test_the_view_cuts_at_the_assignment(simulated: Simulated) -> None:
    """What is not known yet at the instant is not read: later statements do not change it."""
    rows, panel = simulated.rows, simulated.panel
    column = rows.view.stop
    known = panel.known_at[rows.account, column - 1]
    later = panel.known_at[rows.account, np.minimum(column, panel.day.shape[1] - 1)]
    assert (known <= rows.view.as_of).all()
    assert (later > rows.view.as_of).all()
