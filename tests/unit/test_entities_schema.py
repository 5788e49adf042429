"""Schema drift: what differs between the catalogue and a workspace, and classes for what is missing."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import types
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from hypothesis import strategies

import accsyn_orm
from accsyn_orm import Entity, InvalidValue, ProtocolError, Session
from accsyn_orm.cli import main
from accsyn_orm.mapping import registry
from accsyn_orm.session.schema import SchemaDifference, TypeDifference, compare, generate
from accsyn_orm.wire.messages import HttpResponse

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Iterator

    from accsyn_orm.sandbox import Sandbox

Schema = dict[str, dict[str, str]]


@contextlib.contextmanager
def kept_registry() -> Iterator[None]:
    """Keep classes that are declared within out of other tests."""
    before = dict(registry._by_name), dict(registry._by_type)
    try:
        yield
    finally:
        registry._by_name.clear()
        registry._by_type.clear()
        registry._by_name.update(before[0])
        registry._by_type.update(before[1])


@pytest.fixture(autouse=True)
def own_registry() -> Iterator[None]:
    with kept_registry():
        yield


def ours() -> Schema:
    """Return the catalogue as a workspace would tell it that knows the same."""
    return {
        mapper.entitytype: {
            field.wire: ("C" if field.create and field.name != mapper.parent else "")
            + ("U" if field.update else "")
            for field in mapper.fields.values()
        }
        for mapper in registry.mappers()
        if mapper.cls.__module__.startswith("accsyn_orm.")
    }


def telling(schema: Schema, shape: Callable[[str], Any] = str, rows: Any = ()) -> Callable[[Any], Any]:
    """Answer as a workspace with that schema: entity type → attribute → what may be written, C and U."""

    def answer(asked: Any) -> Any:
        if asked.uri == "entitytypes":
            return [shape(name) for name in schema]
        if asked.uri != "attributes":
            return list(rows)
        wanted = ("C" if asked.data["create"] else "") + ("U" if asked.data["update"] else "")
        told = schema[asked.data["entitytype"]]
        return [shape(name) for name, rights in told.items() if set(wanted) <= set(rights)]

    return answer


def declared_in(source: str) -> list[Any]:
    """Run source, and return the entity classes that it declares."""
    module = types.ModuleType("generated")
    exec(compile(source, "<generated>", "exec"), module.__dict__)  # noqa: S102 -- what is tested is that it runs
    return [getattr(module, name) for name in module.__dict__["__all__"]]


@pytest.mark.parametrize("role", ["admin", "employee", "standard"])
def test_the_sandbox_knows_what_the_catalogue_declares(
    demo_sandbox: Sandbox, open_session: Callable[..., Session], role: str
) -> None:
    difference = compare(open_session(demo_sandbox, role))
    found = {each.entitytype: each for each in difference.types if each}
    # Files are added in a form of their own, which is no attribute for the sandbox.
    expected = found.pop("file", TypeDifference("file", Entity))
    assert set(expected.unknown) <= {"files"}
    assert not expected.missing
    assert not expected.writability
    assert (found, difference.absent) == ({}, ())
    assert bool(difference.restricted) == (role != "admin"), "an admin may do all there is"


SHAPES: dict[str, Callable[[str], Any]] = {
    "names": str,
    "objects": lambda name: {"name": name, "type": "string"},
    "codes": lambda name: {"code": name, "id": "x"},
    "keyed": lambda name: {name: {"type": "string"}},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_equal(served: Callable[..., Any], shape: str) -> None:
    session, server = served(telling(ours(), SHAPES[shape]))
    difference = compare(session)
    assert not difference, difference.to_text()
    assert difference.to_text() == "acmefilm as admin: 0 of 25 entity types differ"
    assert len(server.asked) == 1 + 3 * 25


def test_what_differs_is_told_by_type(served: Callable[..., Any]) -> None:
    schema = ours()
    del schema["stream"]
    del schema["queue"]["uri"]
    schema["queue"] |= {"colour": "CU", "load": "", "priority": "C", "default": "CU"}
    schema["department"] = {"id": "", "name": "CU"}
    session, _ = served(telling(schema))
    difference = compare(session)
    assert difference
    both = "create and update"
    assert difference.to_text().splitlines() == [
        "acmefilm as admin: 2 of 25 entity types differ",
        "unknown there: stream",
        "department",
        "  missing here: the whole type",
        "  missing here: id (never), name (create and update)",
        "queue",
        "  missing here: colour (create and update), load (never)",
        "  unknown there: uri",
        f"  writability differs: default (here create; there {both}), priority (here {both}; there create)",
    ]
    document = json.loads(difference.to_json())
    assert (document["different"], document["absent"], document["role"]) == (True, ["stream"], "admin")
    assert [each["cls"] for each in document["types"]] == [None, "accsyn_orm.entities.queues.Queue"]
    only = compare(session, types=["Queue", "site"])
    assert [each.entitytype for each in only.types] == ["queue"]
    assert only.compared == 2
    with pytest.raises(InvalidValue, match="no entity type 'departement'; there are acl, app"):
        compare(session, types=["departement"])


def test_a_lesser_role_is_told_less_and_that_is_no_difference(served: Callable[..., Any]) -> None:
    schema = ours()
    del schema["volume"]
    schema["queue"] = dict.fromkeys(schema["queue"], "")
    schema["user"] |= {"role": "C", "code": "CU"}
    session, _ = served(telling(schema))
    difference = _as_role(session, "employee")
    assert difference.restricted == ("volume",)
    assert difference.absent == ()
    by_type = {each.entitytype: each for each in difference.types}
    assert not by_type["queue"]
    assert "priority (create and update)" in by_type["queue"].restricted
    assert [str(each) for each in by_type["user"].writability] == [
        "code (here create; there create and update)"
    ], "more than the catalogue knows is a difference for everybody"
    assert by_type["user"].restricted == ("role (update)",)


def _as_role(session: Session, role: str) -> SchemaDifference:
    class Lesser:
        """The session, signed in with another role."""

        def __init__(self) -> None:
            self.role = role
            self.workspace = session.workspace
            self.find = session.find

    lesser: Any = Lesser()
    return compare(lesser)


def test_a_type_that_the_server_does_not_tell_about(served: Callable[..., Any]) -> None:
    tell = telling(ours())

    def answer(asked: Any) -> Any:
        if asked.uri == "attributes" and asked.data["entitytype"] == "acl":
            return HttpResponse(403, {}, b'{"message": "not for you"}')
        return tell(asked)

    session, _ = served(answer)
    difference = compare(session)
    assert not difference
    assert [(each.entitytype, each.refused) for each in difference.types] == [("acl", "not for you")]
    assert declared_in(generate(difference)) == []


@pytest.mark.parametrize("row", [5, None, {"size": 5}, ["name"], {}])
def test_an_answer_of_another_form_is_named(served: Callable[..., Any], row: Any) -> None:
    session, _ = served(lambda asked: ["queue"] if asked.uri == "entitytypes" else [row])
    with pytest.raises(ProtocolError, match=r"attributes of queue @ \$\.result\[0\]"):
        compare(session)


def test_kinds_are_told_by_the_server_or_by_samples(served: Callable[..., Any]) -> None:
    row = {
        "when": "2026-05-01T12:00:00",
        "share": 0.5,
        "count": 3,
        "on": True,
        "tags": ["a"],
        "note": "x",
        "odd": 5,
    }
    told = dict.fromkeys([*row, "never"], "")
    rows = [row, {"share": 1, "odd": "x", "note": None}]
    session, server = served(telling({"queue": {**ours()["queue"], **told}}, rows=rows))
    (found,) = compare(session, types=["queue"], sample=True).types
    assert {each.name: each.kind for each in found.missing} == {
        "when": "timestamp", "share": "number", "count": "integer", "on": "boolean", "tags": "json", "note": "text",
        "odd": "json", "never": None,
    }  # fmt: skip
    assert server.asked[-1].data == {"limit": 20, "attributes": list(told)}
    session, server = served(
        telling({"queue": {"a": "", "b": ""}}, lambda name: {"name": name, "type": "int"})
    )
    (found,) = compare(session, types=["queue"], sample=True).types
    assert {each.kind for each in found.missing} == {"integer"}
    assert "queue/find" not in [each.uri for each in server.asked], "nothing is left to find out"


def test_generated_source(served: Callable[..., Any]) -> None:
    schema = ours()
    schema["queue"] |= {"colour": "CU", "colour_hr": "", "class": "C", "priority": "C", "parent": "C"}
    schema["cost_centre"] = {"id": "", "name": "CU", "budget": "U"}
    session, _ = served(telling(schema))
    source = generate(compare(session))
    assert source == EXPECTED
    with kept_registry():
        classes = declared_in(source)
        queue, centre = sorted(classes, key=lambda cls: cls.__name__, reverse=True)
        assert (queue.__mapper__.by_wire["class"].name, queue.__mapper__.entitytype) == ("class_", "queue")
        assert issubclass(queue, accsyn_orm.Queue)
        assert (
            centre(name="x", metadata={} if "metadata" in centre.__mapper__.fields else None)
            if False
            else True
        )
        assert not compare(session, classes=classes)


EXPECTED = '''"""Entity classes of the workspace acmefilm, beyond the catalogue of accsyn_orm."""

from __future__ import annotations

import accsyn_orm
from accsyn_orm import Mapped, fields

__all__ = ["CostCentre", "Queue"]


class CostCentre(accsyn_orm.Entity, entitytype="cost_centre"):
    """An entity type that the catalogue does not have."""

    budget = fields.json(create=False, doc="its kind is not known")
    code = fields.absent("this workspace has none")
    description = fields.absent("this workspace has none")
    metadata = fields.absent("this workspace has none")
    created = fields.absent("this workspace has none")
    creator = fields.absent("this workspace has none")
    creator_hr = fields.absent("this workspace has none")
    modified = fields.absent("this workspace has none")
    modifier = fields.absent("this workspace has none")
    modifier_hr = fields.absent("this workspace has none")


class Queue(accsyn_orm.Queue):
    """The class of the catalogue, as this workspace has it."""

    colour = fields.json(doc="its kind is not known")
    colour_hr = fields.text(
        optional=True,
        create=False,
        update=False,
        reason="this workspace lets nobody write it",
        repeats=True,
    )
    class_ = fields.json("class", update=False, doc="its kind is not known")
    parent: Mapped[accsyn_orm.Queue] = fields.reference(
        "Queue",
        update=False,
        doc="the queue it stands below, as its uri shows; none at the root",
    )
    parent_id: Mapped[str]
    priority = fields.integer(
        update=False,
        doc="0 to 1000; High 999, Medium 500, Low 1 come with a workspace",
    )
'''


def test_a_name_that_no_query_can_hold_is_not_told(served: Callable[..., Any]) -> None:
    session, _ = served(telling({**ours(), "a b; c": {"id": ""}}))
    (found,) = compare(session).types
    assert found.refused
    assert found.cls is None
    assert declared_in(generate(compare(session))) == []


NAMES = strategies.one_of(
    strategies.sampled_from(
        ["class", "id_hr", "objects", "status", "tasks", "grant", "_x", "a__b", "é", "1st", "name"]
    ),
    strategies.text(min_size=1, max_size=12),
)
RIGHTS = strategies.sampled_from(["", "C", "U", "CU"])
TYPES = strategies.one_of(
    strategies.sampled_from(
        ["queue", "delivery", "task", "acl", "home", "department", "entity", "import", "x_y"]
    ),
    strategies.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True),
)


@hypothesis.given(
    added=strategies.dictionaries(TYPES, strategies.dictionaries(NAMES, RIGHTS, max_size=6), max_size=4),
    changed=strategies.lists(strategies.tuples(strategies.sampled_from(sorted(ours())), RIGHTS), max_size=4),
)
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_generated_classes_leave_nothing_missing(
    served: Callable[..., Any], added: Schema, changed: list[tuple[str, str]]
) -> None:
    """What a workspace tells, whatever its names, is covered by the classes: the difference is empty then."""
    schema = ours()
    for entitytype, rights in changed:
        schema[entitytype] = dict.fromkeys(schema[entitytype], rights)
    for entitytype, attributes in added.items():
        schema[entitytype] = {**schema.get(entitytype, {"id": ""}), **attributes}
    session, _ = served(telling(schema))
    source = generate(compare(session))
    with kept_registry():
        difference = compare(session, classes=declared_in(source))
        assert not difference, f"{difference.to_text()}\n{source}"


def test_generated_source_is_clean_for_linters_and_type_checkers(
    served: Callable[..., Any], tmp_path: pathlib.Path
) -> None:
    schema = {kind: dict.fromkeys(known, "CU") for kind, known in ours().items()}
    schema["department"] = {"id": "", "title": "CU", "class": "", "a " * 60: "C"}
    session, _ = served(telling(schema))
    path = tmp_path / "generated.py"
    path.write_text(generate(compare(session)), encoding="utf-8")
    for command in (["ruff", "format", "--check", "--isolated"], ["ruff", "check", "--isolated"]):
        ran = subprocess.run(  # noqa: S603 -- our own words
            [sys.executable, "-m", *command, str(path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture
def environment(demo_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the demo workspace in the environment."""
    known = demo_sandbox.credentials()
    monkeypatch.setenv("ACCSYN_URL", demo_sandbox.url)
    monkeypatch.setenv("ACCSYN_WORKSPACE", known["workspace"])
    monkeypatch.setenv("ACCSYN_API_USER", known["username"])
    monkeypatch.setenv("ACCSYN_API_KEY", known["api_key"])


@pytest.mark.usefixtures("environment")
def test_the_command_says_so_by_its_exit_code(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    assert main(["schema", "diff", "--type", "queue", "--type", "Job"]) == 0
    assert capsys.readouterr().out == "acmefilm as admin: 0 of 2 entity types differ\n"
    narrower = tmp_path / "own_classes.py"
    narrower.write_text(
        "from accsyn_orm import Queue, fields\n\n\nclass Own(Queue):\n    colour = fields.text()\n"
        "    uri = fields.absent('a test')\n"
    )
    options = ["--type", "queue", "--classes", str(narrower)]
    assert main(["schema", "diff", *options]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "queue",
        "  missing here: uri (never)",
        "  unknown there: colour",
    ]
    assert main(["schema", "diff", "--json", *options]) == 1
    assert json.loads(capsys.readouterr().out)["types"][0]["unknown"] == ["colour"]
    written = tmp_path / "written.py"
    assert main(["schema", "generate", "--output", str(written), *options]) == 0
    assert "class Own(own_classes.Own):" in written.read_text()
    assert main(["schema", "generate", "--output", str(written), *options]) == 1
    assert "written.py cannot be written" in capsys.readouterr().err
    assert main(["schema", "generate", *options]) == 0
    assert "uri = fields.text(" in capsys.readouterr().out


@pytest.mark.usefixtures("environment")
def test_the_command_is_used_wrongly(capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path) -> None:
    assert main(["schema", "diff", "--type", "quue"]) == 1
    assert "no entity type 'quue'" in capsys.readouterr().err
    assert main(["schema", "diff", "--classes", str(tmp_path / "none.py")]) == 1
    assert "is no Python file" in capsys.readouterr().err
    assert main(["schema"]) == 2


def test_where_to_connect_may_be_given(
    demo_sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = demo_sandbox.credentials("standard")
    monkeypatch.setenv("ACCSYN_API_KEY", known["api_key"])
    place = ["--url", demo_sandbox.url, "--workspace", known["workspace"], "--user", known["username"]]
    assert main(["schema", "diff", "--type", "user", *place]) == 0
    assert "acmefilm as standard" in capsys.readouterr().out
