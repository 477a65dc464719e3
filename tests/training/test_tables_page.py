from pathlib import Path

from features.tables import TABLES
from training.tables_page import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tables.md"


def test_page_is_what_the_columns_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m training.tables_page"


def test_page_names_every_column_and_code() -> None:
    text = page()
    for table in TABLES.values():
        for column in table.columns:
            assert f"| `{column.name}` |" in text
            assert all(f"`{code}`" in text for code in column.codes)
