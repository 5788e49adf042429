from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accsyn_orm.errors import ServerError
from accsyn_orm.expressions.parser import parse
from accsyn_orm.expressions.tree import NOTHING, Comparison, Operator
from accsyn_orm.sandbox.evaluation import compile_expression
from accsyn_orm.sandbox.schema import TYPES
from accsyn_orm.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

HQ, LISA, QUEUE = "a" * 24, "b" * 24, "c" * 24
JOB = {
    "id": "1" * 24,
    "code": "Daily backup",
    "status": "waiting",
    "size": 500,
    "speed": 2.5,
    "created": "2026-05-01T10:00:00",
    "source": f"site:{HQ}",
    "user": LISA,
    "queue": QUEUE,
    "parent": None,
    "metadata": {"Shot": "SH010", "internal": {"take": 7}, "tags": ["red", "blue"]},
}


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    store = Store()
    with store.writing():
        store.put("workspace", {"id": "9" * 24, "code": "acmefilm", "name": "Acme"})
        store.put("site", {"id": HQ, "code": "hq", "name": "Headquarters"})
        store.put("user", {"id": LISA, "code": "lisa@example.com", "name": "Lisa", "role": "standard"})
        store.put("queue", {"id": QUEUE, "code": "high", "name": "High", "parent": None, "default": True})
        store.put("transfer", JOB)
    yield store
    store.close()


def holds(store: Any, text: Any, kind: str = "transfer", document: Any = JOB) -> bool:
    expression = parse(text) if isinstance(text, str) else text
    return compile_expression(expression, [TYPES[kind]], store)(document)


@pytest.mark.parametrize(
    "text",
    [
        'code="Daily backup"',
        "CODE='DAILY BACKUP'",
        'code="* backup"',
        'code="daily*"',
        'code!="weekly*"',
        "code CONTAINS backup",
        "code NOT CONTAINS weekly",
        'code MATCHES "^daily .+p$"',
        'code MATCHES "aily"',
        'code NOT MATCHES "^aily"',
        "status IN failed,waiting",
        "status NOT IN failed,done",
        "size=500",
        "size=500.0",
        "size!=501",
        "size>99 AND size<=500 AND size>=500 AND size<5000",
        "size IN 1,500",
        "speed=2.5",
        "created>2026-04-30 AND created<2026-05-01T10:00:01",
        "created=2026-05-01T10:00:00",
        "user=lisa@example.com",
        f"user={LISA}",
        f"user=user:{LISA}",
        "user=lisa",
        "user=*@example.com",
        "user CONTAINS example",
        "user IN nobody@x.com,lisa@example.com",
        "user!=nobody@x.com",
        "user.role=standard",
        "user.role!=admin",
        f"user.id={LISA}",
        "user_hr CONTAINS [standard]",
        "source=hq",
        "source=acmefilm",
        f"source=site:{HQ}",
        f"source={HQ}",
        f"source.id={HQ}",
        "source.code=hq",
        "source!=sthlm",
        "source=site:*",
        "queue=high",
        "queue.default=true",
        "uri=high",
        "metadata.shot=sh010",
        "metadata.internal.take=7",
        "metadata.internal.take>6",
        "metadata.tags=blue",
        "metadata.tags NOT IN green",
        "metadata.nothing!=1",
        "parent!=x",
        "parent.name!=x",
        "finished!=2026-01-01",
        "finished>=2026-01-01",
        "(status=failed OR status=waiting) AND size>1",
        "status=failed AND size=1 OR code=d*",
    ],
)
def test_it_holds(store: Any, text: Any) -> None:
    assert holds(store, text)


@pytest.mark.parametrize(
    "text",
    [
        "code=Daily",
        'code="d* b"',
        'code="daily.backup"',
        "size<500",
        "size=abc",
        "status!=WAITING",
        "user!=lisa@example.com",
        "user.role!=standard",
        "user.role=admin",
        "source!=hq",
        "source=sthlm",
        "parent=x",
        "parent.name=x",
        "finished<2026-01-01",
        "finished>2026-01-01",
        "metadata.nothing=1",
        "metadata.internal=7",
        "metadata.internal CONTAINS take",
        "metadata.shot.deeper=1",
        "metadata.tags!=blue",
        "(status=failed OR status=waiting) AND size>500",
    ],
)
def test_it_does_not_hold(store: Any, text: Any) -> None:
    assert not holds(store, text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("stauts=done", "'stauts'"),
        ("tasks=1", "'tasks'"),
        ("size<many", "'many'"),
        ("code.x=1", "'code.x'"),
        ('code MATCHES "("', "regular expression"),
    ],
)
def test_it_is_refused(store: Any, text: Any, word: Any) -> None:
    with pytest.raises(ServerError) as caught:
        holds(store, text)
    assert word in caught.value.message
    assert caught.value.status == 400


def test_booleans(store: Any) -> None:
    queue = {"id": QUEUE, "default": True}
    assert holds(store, "default=True", "queue", queue)
    assert holds(store, "default=1 AND default!=false", "queue", queue)
    assert not holds(store, "compute_default=false", "queue", queue)
    for text in ("default=maybe", "default>true"):
        with pytest.raises(ServerError, match="true or false"):
            holds(store, text, "queue", queue)


def test_constants_and_empty_lists(store: Any) -> None:
    assert holds(store, "")
    assert not holds(store, NOTHING)
    assert not holds(store, Comparison("id", Operator.IN, ()))
    assert holds(store, Comparison("id", Operator.NOT_IN, ()))


def test_what_refers_to_something_gone_is_found_by_its_id(store: Any) -> None:
    orphan = {**JOB, "user": "f" * 24}
    assert holds(store, f"user={'f' * 24}", document=orphan)
    assert holds(store, f"user!={'f' * 24}")
