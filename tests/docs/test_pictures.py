"""The pictures in docs/pictures show what the library shows now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pictures import FOLDER, draw, pictures, words

if TYPE_CHECKING:
    from rich.console import Console


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    return pictures()


@pytest.mark.parametrize("name", ["error", "plan", "progress", "watch"])
def test_a_picture_is_up_to_date(name: str, drawn: dict[str, str]) -> None:
    kept = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert words(kept) == words(drawn[name]), "run: python -m tests.docs.pictures"


def test_there_are_no_others(drawn: dict[str, str]) -> None:
    assert sorted(drawn) == sorted(path.stem for path in FOLDER.glob("*.svg"))


def test_a_picture_asks_nothing_of_the_network(drawn: dict[str, str]) -> None:
    # The namespace of SVG and the home of rich are names, and are not fetched.
    assert [name for name, svg in drawn.items() if "url(http" in svg or "@font-face" in svg] == []


def test_an_indented_text_begins_where_it_is_seen() -> None:
    def show(console: Console) -> None:
        console.print("  12 ", end="")
        console.print("three", style="red")

    svg = draw("title", show)
    assert [text for text in re.findall(r"<text[^>]*>([^<]*)", svg) if text.startswith("&#160;")] == []
    # A character is 12.2 wide.
    assert 'x="24.4" y="20" textLength="36.6"' in svg
    assert 'x="61" y="20" textLength="61"' in svg


def test_the_words_of_a_picture_are_what_is_compared() -> None:
    def less(console: Console) -> None:
        console.print("1 < 2")

    def more(console: Console) -> None:
        console.print("1 > 2")

    one, other = draw("title", less), draw("title", more)
    assert "1 < 2" in words(one)
    assert words(one) != words(other)
