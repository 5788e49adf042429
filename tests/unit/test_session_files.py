"""Files as dictionaries and as typed values, over a scripted server."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from accsyn_orm import AccsynPath, FileEntry, errors

FILM = AccsynPath.parse("share=p/film")
MODIFIED = "2026-01-02T03:04:05"


def file(name: str, size: Any = 5, **more: Any) -> dict[str, Any]:
    return {"type": 1, "filename": name, "size": size, "modified": MODIFIED, **more}


def directory(name: str, *files: Any) -> dict[str, Any]:
    return {"type": 0, "filename": name, "size": None, "modified": MODIFIED, "files": list(files)}


TREE = [directory("b", file("b1"), directory("c", file("c1"), file("c2"))), file("a"), directory("d")]


def listing(asked: Any) -> Any:
    """List a directory of TREE, flat or with all below it."""
    rows: list[Any] = TREE
    for step in asked.data["path"].rstrip("/").split("/")[2:]:
        rows = next(row["files"] for row in rows if row["filename"] == step)
    if asked.data["recursive"]:
        return rows
    return [{name: value for name, value in row.items() if name != "files"} for row in rows]


class TestDictionaries:
    def test_times_are_local_however_deep(self, served: Any) -> None:
        session, _ = served(lambda _: [{"path": "a", "result": TREE}])
        (answered,) = session.ls(["a"], recursive=True)
        deep = answered["result"][0]["files"][1]["files"][0]["modified"]
        assert deep == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)

    def test_a_path_may_be_a_value(self, served: Any) -> None:
        session, server = served(lambda _: True)
        session.ls([FILM, "share=p/b"])
        session.mv(FILM, FILM.parent / "other")
        session.rm(FILM)
        session.delete(FILM, True)
        session.delete(path="share=p/film")
        assert [asked.data["path"] for asked in server.asked] == [
            ["share=p/film", "share=p/b"],
            *["share=p/film"] * 4,
        ]
        assert server.asked[1].data["path_to"] == "share=p/other"
        deletions = [asked.data for asked in server.asked[2:]]
        assert [(each["op"], each["force"]) for each in deletions] == [
            ("delete", False),
            ("delete", True),
            ("delete", False),
        ]

    def test_depth_of_a_size(self, served: Any) -> None:
        session, server = served(lambda _: 5)
        assert session.getsize("x", maxdepth=2) == 5
        assert server.asked[0].data == {"op": "getsize", "path": "x", "maxdepth": 2}

    @pytest.mark.parametrize(
        ("call", "named"),
        [
            (lambda s: s.ls(""), "''"),
            (lambda s: s.ls(None), "None"),
            (lambda s: s.ls([]), "[]"),
            (lambda s: s.ls(["a", ""]), "path 1"),
            (lambda s: s.ls(["a", 5]), "path 1"),
            (lambda s: s.ls({}), "{}"),
            (lambda s: s.ls(b"a"), "b'a'"),
            (lambda s: s.mkdir("a\0b"), "a\\x00b"),
            (lambda s: s.exists("\ud800"), "surrogate"),
            (lambda s: s.ls("a", maxdepth=0), "maxdepth=0"),
            (lambda s: s.ls("a", maxdepth=True), "maxdepth=True"),
            (lambda s: s.ls("a", recursive="yes"), "recursive='yes'"),
            (lambda s: s.ls("a", include=5), "include=5"),
            (lambda s: s.ls("a", exclude=["x", ""]), "exclude"),
            (lambda s: s.rename("a", ""), "destination"),
            (lambda s: s.delete("a", force=1), "force=1"),
            (lambda s: s.delete(None), "None"),
        ],
    )
    def test_what_cannot_be_sent_is_refused_and_named(self, served: Any, call: Any, named: str) -> None:
        session, server = served(lambda _: True)
        with pytest.raises(errors.InvalidValue) as caught:
            call(session)
        assert named in caught.value.message
        assert server.asked == []
        assert session.get_last_message() == caught.value.message


class TestEntries:
    def test_typed(self, served: Any) -> None:
        session, server = served(listing)
        b, a, d = session.files.ls(FILM)
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
        assert a == FileEntry("a", is_dir=False, size=5, modified=moment, directory=FILM)
        assert a.modified.utcoffset().total_seconds() == 0
        assert str(a.path) == "share=p/film/a"
        assert (b.name, b.is_dir, b.files) == ("b", True, ())
        assert d.is_dir
        assert server.asked[0].data == {
            "op": "ls",
            "path": "share=p/film",
            "download": True,
            "recursive": False,
            "getsize": False,
        }

    def test_recursive(self, served: Any) -> None:
        session, server = served(listing)
        b, *_ = session.files.ls("share=p/film/", recursive=True, maxdepth=3, getsize=True, files_only=True, include="*", exclude=["x"])  # fmt: skip
        assert [str(each.path) for each in b.files[1].files] == ["share=p/film/b/c/c1", "share=p/film/b/c/c2"]
        data = server.asked[0].data
        wanted = {
            "path": "share=p/film/",
            "maxdepth": 3,
            "files_only": True,
            "include": "*",
            "exclude": ["x"],
        }
        assert data == {"op": "ls", "download": True, "recursive": True, "getsize": True, **wanted}

    @pytest.mark.parametrize(
        ("result", "path"),
        [
            ({}, r"\$\.result:"),
            ([None], r"\$\.result\[0\]"),
            ([file("a"), file("")], r"\$\.result\[1\]\.filename"),
            ([file("a", type=2)], r"\[0\]\.type"),
            ([file("a", type=True)], r"\[0\]\.type"),
            ([file("a", size="5")], r"\[0\]\.size"),
            ([file("a", modified="yesterday")], r"\[0\]\.modified"),
            ([directory("a", directory("b", file("")))], r"\[0\]\.files\[0\]\.files\[0\]\.filename"),
            ([{**directory("a"), "files": "b"}], r"\[0\]\.files"),
        ],
    )
    def test_the_place_of_what_is_malformed_is_named(self, served: Any, result: Any, path: str) -> None:
        session, _ = served(lambda _: result)
        with pytest.raises(errors.ProtocolError, match=path):
            session.files.ls(FILM)

    def test_what_the_server_does_not_say(self, served: Any) -> None:
        session, _ = served(lambda _: [{"type": 0, "filename": "a"}, file("b", size=-1, modified="")])
        a, b = session.files.ls(FILM)
        assert (a.size, a.modified, b.size, b.modified) == (None, None, None, None)

    @pytest.mark.parametrize("name", ["..", "a/b", "a\\b", "a\nb"])
    def test_a_name_that_no_path_can_hold(self, served: Any, name: str) -> None:
        session, _ = served(lambda _: [file(name)])
        (entry,) = session.files.ls(FILM)
        assert entry.name == name
        with pytest.raises(errors.InvalidValue):
            _ = entry.path


EVERYTHING = [
    ("share=p/film", ["b", "d"], ["a"]),
    ("share=p/film/b", ["c"], ["b1"]),
    ("share=p/film/b/c", [], ["c1", "c2"]),
    ("share=p/film/d", [], []),
]


class TestWalking:
    @staticmethod
    def seen(walked: Any) -> list[tuple[str, list[str], list[str]]]:
        return [(str(top), [d.name for d in dirs], [f.name for f in files]) for top, dirs, files in walked]

    @pytest.mark.parametrize(("at_once", "requests"), [(False, 4), (True, 1)])
    def test_from_the_top(self, served: Any, at_once: bool, requests: int) -> None:
        session, server = served(listing)
        assert self.seen(session.files.walk("share=p/film/", at_once=at_once)) == EVERYTHING
        assert len(server.asked) == requests

    def test_lazily(self, served: Any) -> None:
        session, server = served(listing)
        walk = session.files.walk(FILM)
        assert server.asked == []
        next(walk)
        assert len(server.asked) == 1
        next(walk)
        assert len(server.asked) == 2

    @pytest.mark.parametrize("at_once", [False, True])
    def test_what_is_taken_out_is_not_gone_into(self, served: Any, at_once: bool) -> None:
        session, _ = served(listing)
        tops = []
        for top, directories, _ in session.files.walk(FILM, at_once=at_once):
            tops.append(top.name)
            directories[:] = [each for each in directories if each.name != "b"]
        assert tops == ["film", "d"]


class TestChanging:
    def test_calls(self, served: Any) -> None:
        session, server = served(lambda asked: 7 if asked.data["op"] == "getsize" else True)
        files = session.files
        assert files.exists(FILM) is True
        assert files.getsize("share=p/film", include="*", exclude=["a"], maxdepth=1) == 7
        assert files.mkdir(FILM / "new") == FILM / "new"
        assert files.rename(FILM / "new", "at 10:30") == FILM.child("at 10:30")
        assert files.rename(FILM / "new", FILM / "newer") == FILM / "newer"
        assert str(files.rename("share=p/film/new", "share=p/film/newer")) == "share=p/film/newer"
        assert files.move("share=p/film", "share=q/film") == AccsynPath.parse("share=q/film")
        assert files.delete(FILM, force=True) is None
        assert [(asked.method, asked.data["op"], asked.data.get("path_to")) for asked in server.asked] == [
            ("GET", "exists", None),
            ("GET", "getsize", None),
            ("POST", "mkdir", None),
            ("PUT", "rename", "share=p/film/at 10:30"),
            ("PUT", "rename", "share=p/film/newer"),
            ("PUT", "rename", "share=p/film/newer"),
            ("PUT", "move", "share=q/film"),
            ("POST", "delete", None),
        ]
        assert server.asked[-1].data["force"] is True

    @pytest.mark.parametrize(
        "call",
        [
            lambda files: files.rename(FILM, FILM.parent.parent / "x/y"),
            lambda files: files.rename("share=p", "q"),
            lambda files: files.rename(FILM, ".."),
            lambda files: files.ls(FILM, files_only=True, directories_only=True),
            lambda files: files.ls("share=p/../q"),
            lambda files: files.delete(""),
            lambda files: files.move(FILM, "a\\b"),
            lambda files: files.exists(None),
        ],
    )
    def test_refused(self, served: Any, call: Any) -> None:
        session, server = served(lambda _: True)
        with pytest.raises(errors.InvalidValue):
            call(session.files)
        assert server.asked == []

    @pytest.mark.parametrize("result", [False, None, 1, [], {"path": "x"}])
    def test_what_was_not_done_is_an_error(self, served: Any, result: Any) -> None:
        session, _ = served(lambda _: result)
        files = session.files
        for call in (files.mkdir, files.delete, lambda path: files.move(path, "x")):
            with pytest.raises(errors.ProtocolError, match=r"null @|did not"):
                call(FILM)

    @pytest.mark.parametrize("result", [None, "yes", 1])
    def test_existence_is_true_or_false(self, served: Any, result: Any) -> None:
        session, _ = served(lambda _: result)
        with pytest.raises(errors.ProtocolError):
            session.files.exists(FILM)

    @pytest.mark.parametrize("result", [None, "5", True, {"size": 5}])
    def test_a_size_is_a_number(self, served: Any, result: Any) -> None:
        session, _ = served(lambda _: result)
        with pytest.raises(errors.ProtocolError):
            session.files.getsize(FILM)
