"""Paths in accsyn's notation: read, written, joined, refused."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import example, given, strategies as st

from accsyn_orm.errors import InvalidValue
from accsyn_orm.session.paths import KINDS, AccsynPath

ID = "614d660de50d45bb027c9bdd"


@pytest.mark.parametrize(
    ("text", "kind", "code", "parts", "party"),
    [
        ("share=projects/thefilm", "share", "projects", ("thefilm",), None),
        ("share=projects", "share", "projects", (), None),
        ("volume=(default)/x", "volume", "(default)", ("x",), None),
        ("home=lisa@example.com/a b", "home", "lisa@example.com", ("a b",), None),
        (f"delivery={ID}", "delivery", ID, (), None),
        ("workarea=thefilm-DIT/final.mov", "workarea", "thefilm-DIT", ("final.mov",), None),
        ("SHARE=p/X", "share", "p", ("X",), None),
        ("a/b", "", "", ("a", "b"), None),
        ("~", "~", "", (), None),
        ("~/a", "~", "", ("a",), None),
        ("/", "/", "", (), None),
        ("/Users/lisa", "/", "", ("Users", "lisa"), None),
        ("C:\\film\\a", "C:", "", ("film", "a"), None),
        ("x:/film", "X:", "", ("film",), None),
        ("acmefilm:share=p/x", "share", "p", ("x",), "acmefilm"),
        ("lisa@example.com:~/x", "~", "", ("x",), "lisa@example.com"),
        ("lisa@example.com@Laptop:/x", "/", "", ("x",), "lisa@example.com@Laptop"),
        ("user=lisa@example.com:x", "", "", ("x",), "user=lisa@example.com"),
        ("site=sthlm:volume=p/x", "volume", "p", ("x",), "site=sthlm"),
        (f"client={ID}:D:\\x", "D:", "", ("x",), f"client={ID}"),
        ("share=p/at 10:30/a=b", "share", "p", ("at 10:30", "a=b"), None),
        ("film/at 10:30", "", "", ("film", "at 10:30"), None),
    ],
)
def test_notation(text: str, kind: str, code: str, parts: tuple[str, ...], party: str | None) -> None:
    path = AccsynPath.parse(text)
    assert path == AccsynPath(kind, code, parts, party)
    assert AccsynPath.parse(str(path)) == path


@pytest.mark.parametrize(
    ("text", "written"),
    [("share=p/", "share=p/"), ("share=p/a/", "share=p/a/"), ("~/", "~/"), ("a/b/", "a/b/"), ("/", "/"), ("/a/", "/a/"), ("c:", "C:\\"), ("C:\\a\\", "C:\\a\\"), ("C:/a/b", "C:\\a\\b"), ("acme:/", "acme:/")],
)  # fmt: skip
def test_written(text: str, written: str) -> None:
    path = AccsynPath.parse(text)
    assert str(path) == written
    # At the root of a machine, a separator at the end says nothing.
    assert path.into == (text not in {"/", "c:", "C:/a/b", "acme:/"})


@pytest.mark.parametrize(
    "text",
    ["", " ", "share=", "share=/x", "share= p/x", "share=x//y", "share=x/../y", "..", "./x", "//a", "/a//b", "a/ /b", "\\\\server\\x", "a\\b", "share=x\\y", "C:\\a\\\\b", "C:x", "a:b", "share=a\0b", "share=x/a\nb", "share=x/a\u2028b", "x/\ud800", "acme:", "share=a:b", "lisa@example.com:share=p:sub", "share=p/x/..", None, 5, b"share=p"],
)  # fmt: skip
def test_what_is_no_path_is_refused_and_named(text: Any) -> None:
    with pytest.raises(InvalidValue) as caught:
        AccsynPath.parse(text)
    assert repr(text) in caught.value.message
    assert "is no path" in caught.value.message


@pytest.mark.parametrize(
    "fields",
    [
        {"parts": ("share=p", "x")},
        {"parts": ("Share=p",)},
        {"parts": ("~",)},
        {"parts": ("~", "x")},
        {"parts": ("acme:x",)},
        {"parts": ("C:", "x")},
        {"parts": ("a/b",)},
        {"parts": ("a\\b",)},
        {"parts": "ab"},
        {"parts": (5,)},
        {"parts": ()},
        {"kind": "share", "code": ""},
        {"kind": "share", "code": "a/b"},
        {"kind": "share", "code": 5},
        {"kind": "", "code": "x", "parts": ("x",)},
        {"kind": "/", "code": "x"},
        {"kind": "SHARE", "code": "x"},
        {"kind": "c:"},
        {"kind": "CD:"},
        {"kind": "room", "code": "x"},
        {"kind": None},
        {"kind": "/", "into": True},
        {"kind": "~", "party": "a:b"},
        {"kind": "~", "party": "a/b"},
        {"kind": "~", "party": "x"},
        {"kind": "~", "party": ""},
        {"kind": "~", "party": "room=x"},
        {"kind": "~", "party": "a b"},
        {"kind": "~", "party": "site=a\nb"},
    ],
)
def test_what_would_be_read_as_something_else_cannot_be_made(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        AccsynPath(**fields)


def test_joining() -> None:
    top = AccsynPath.parse("acmefilm:share=projects/")
    film = top / "thefilm/dailies"
    assert str(film) == "acmefilm:share=projects/thefilm/dailies"
    assert str(film / "a/") == "acmefilm:share=projects/thefilm/dailies/a/"
    assert film.name == "dailies"
    assert str(film.parent) == "acmefilm:share=projects/thefilm"
    assert film.child("10:30 a=b").name == "10:30 a=b"
    for below in ("..", "a/../b", "/a", "", "a//b", "a\\b"):
        with pytest.raises(InvalidValue):
            _ = film / below
    with pytest.raises(InvalidValue):
        film.child("a/b")
    with pytest.raises(TypeError):
        _ = film / 5  # type: ignore[operator]


def test_parents_end_at_the_root() -> None:
    assert str(AccsynPath.parse("a/b").parent.parent) == "volume=(default)"
    for root in ("share=p", "/", "C:\\", "~", "volume=(default)", "acmefilm:share=p"):
        path = AccsynPath.parse(root)
        assert path.parent == path
        assert path.name == ""
        assert (path / "x").parent == path


NAMES = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="/\\"), min_size=1
)
PARTIES = st.none() | st.from_regex(
    r"(site|client|user)=[a-z@. ]+|[a-zA-Z0-9-]{2,9}|[a-z]+@[a-z.]+(@[A-Z]+)?", fullmatch=True
)
KIND = st.sampled_from([*KINDS, "", "~", "/", "C:", "Z:"])


@given(kind=KIND, code=NAMES | st.just(""), parts=st.lists(NAMES), party=PARTIES, into=st.booleans())
@example(kind="", code="", parts=["share=p"], party=None, into=False)
@example(kind="/", code="", parts=[], party="acme", into=False)
def test_what_is_written_is_read_back(
    kind: str, code: str, parts: list[str], party: str | None, into: bool
) -> None:
    try:
        path = AccsynPath(kind, code if kind in KINDS else "", parts, party, into)
    except InvalidValue:
        return
    text = str(path)
    assert AccsynPath.parse(text) == path
    assert ".." not in path.parts
    assert str(AccsynPath.parse(text)) == text
    longer = path.child("below")
    assert longer.parent == attrs.evolve(path, into=False)


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text("aC:/\\=~@.share \0"))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        path = AccsynPath.parse(text)
    except InvalidValue:
        return
    assert AccsynPath.parse(str(path)) == path
    assert not {"", ".", ".."} & set(path.parts)
    assert "\0" not in text
