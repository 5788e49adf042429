"""What `import accsyn_orm` does to a process: nothing that anybody would notice."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

SCRIPT = """
import io, json, logging, os, socket, sys, sysconfig, threading, warnings

opened, other = [], []

def hear(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.append(arguments[0])
    elif event.split(".")[0] in {"socket", "subprocess"} or event in {"os.putenv", "os.unsetenv", "os.system", "os.mkdir"}:
        other.append(event)

before = dict(
    loggers=sorted(logging.root.manager.loggerDict), handlers=len(logging.root.handlers), level=logging.root.level,
    filters=list(map(str, warnings.filters)), environment=dict(os.environ), threads=threading.active_count(),
    socket=socket.socket.__qualname__ + socket.socket.__module__,
)
sys.addaudithook(hear)
import accsyn_orm
for name in accsyn_orm.__all__:
    getattr(accsyn_orm, name)  # which imports it
listening, opened = list(opened), []
after = dict(
    loggers=sorted(logging.root.manager.loggerDict), handlers=len(logging.root.handlers), level=logging.root.level,
    filters=list(map(str, warnings.filters)), environment=dict(os.environ), threads=threading.active_count(),
    socket=socket.socket.__qualname__ + socket.socket.__module__,
)
allowed = [os.path.dirname(accsyn_orm.__file__), *{os.path.dirname(os.__file__), *(
    sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")
)}]
outside = [path for path in listening if not any(os.path.realpath(path).startswith(os.path.realpath(place) + os.sep) for place in allowed)]
json.dump(dict(before=before, after=after, outside=outside, other=other, count=len(listening), modules=sorted(sys.modules)), sys.stdout)
"""


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 -- our own script
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_opens_no_file_outside_the_package_and_the_installed_ones(seen: dict[str, Any]) -> None:
    assert seen["count"] > 20, "the listener heard nothing"
    assert not seen["outside"]


def test_it_connects_to_nothing_and_starts_nothing(seen: dict[str, Any]) -> None:
    assert not seen["other"]


@pytest.mark.parametrize(
    "what", ["loggers", "handlers", "level", "filters", "environment", "threads", "socket"]
)
def test_it_leaves_the_process_as_it_was(seen: dict[str, Any], what: str) -> None:
    assert seen["after"][what] == seen["before"][what]


@pytest.mark.parametrize(
    "module",
    ["starlette", "uvicorn", "lark", "orjson", "requests", "urllib3", "cattrs", "socks", "typer", "rich"],
)
def test_it_loads_none_of_what_only_some_need(seen: dict[str, Any], module: str) -> None:
    assert module not in seen["modules"]
