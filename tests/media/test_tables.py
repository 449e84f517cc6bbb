"""Tables as people and programs write them."""

from pathlib import Path

import pytest

from ttsf.errors import TtsfError
from ttsf.media.files import read_table


def _rows(path: Path, text: str) -> list[dict[str, str]]:
    path.write_text(text)
    return [row for _, row in read_table(path, ("name", "text"))]


def test_a_column_without_a_name_is_a_further_one(tmp_path: Path) -> None:
    for text in (",name,text\n0,ann,Hi.\n", "name,text,\nann,Hi.,\n"):
        (row,) = _rows(tmp_path / "a.csv", text)
        assert (row["name"], row["text"]) == ("ann", "Hi.")


def test_a_row_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TtsfError, match="line 2: more fields than columns"):
        _rows(tmp_path / "a.csv", "name,text\nann,Well, hi.\n")
