from pathlib import Path

import numpy as np
import pytest

from features.clock import CYCLE_DAYS
from features.errors import InputError
from models.intensity.capacity import Capacity, read_capacity


def read(folder: Path, text: str) -> Capacity:
    path = folder / "capacity.toml"
    path.write_text(text)
    return read_capacity(path)


def test_amounts_are_per_day_and_used_per_cycle(tmp_path: Path) -> None:
    capacity = read(tmp_path, "[per_day]\nvisits = 10\nagent_minutes = 4800.5\n")
    assert capacity.per_cycle.tolist() == [4800.5 * CYCLE_DAYS, np.inf, 10 * CYCLE_DAYS]
    assert capacity.per_day.letters is None


def test_none_at_all_is_not_no_limit(tmp_path: Path) -> None:
    assert read(tmp_path, "per_day.letters = 0").per_cycle.tolist() == [np.inf, 0, np.inf]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "per_day: is missing. Write a table"),
        ("[per_day]", "per_day: names no resource"),
        ("per_day = 3", "per_day: should be a table (got 3)"),
        ("[per_days]\nletters = 3", "per_days: is not known. Did you mean per_day?"),
        ("[per_day]\nleters = 3", "per_day.leters: is not known. Did you mean letters?"),
        ("[per_day]\nxyz = 3", "per_day.xyz: is not known. Write a table"),
        ("letters = 3\n[per_day]\nvisits = 1", "letters: stands outside of [per_day]"),
        ("[per_day]\nletters = -1", "per_day.letters: should be greater than or equal to 0"),
        ("[per_day]\nletters = inf", "per_day.letters: should be a finite number"),
        ("[per_day]\nletters = nan", "per_day.letters: should be a finite number"),
        ("[per_day]\nletters = true", "per_day.letters: should be a valid number (got True)"),
        ("[per_day]\nletters = '3'", "per_day.letters: should be a valid number (got '3')"),
        ("[per_day]\nletters = 1e13", "per_day.letters: should be less than or equal to"),
        ("[per_day", "is not TOML"),
    ],
)
def test_mistakes_say_where_what_and_the_remedy(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError) as raised:
        read(tmp_path, text)
    message = str(raised.value)
    assert message.startswith(str(tmp_path / "capacity.toml"))
    assert told in message


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_capacity(tmp_path / "nowhere.toml")
    path = tmp_path / "latin.toml"
    path.write_bytes(b"# caf\xe9\n[per_day]\nletters = 1\n")
    with pytest.raises(InputError, match="is not UTF-8 at byte 5"):
        read_capacity(path)
