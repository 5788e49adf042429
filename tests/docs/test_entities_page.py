"""The page of the entities is what the classes declare."""

from __future__ import annotations

from accsyn_orm import entities
from tests.docs.entities import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.docs.entities"


def test_every_class_is_on_it() -> None:
    text = page()
    assert [name for name in entities.__all__ if name != "Entity" and f"### {name} (`" not in text] == []
