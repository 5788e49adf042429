"""What is in the wheel and in the sdist, and what their metadata say."""

from __future__ import annotations

import email
import email.message
import re
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from accsyn_orm import __version__

if TYPE_CHECKING:
    from tests.packaging.conftest import Built

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).resolve().parents[2]


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def metadata(wheel: Path) -> email.message.Message:
    [name] = [name for name in contents(wheel) if name.endswith(".dist-info/METADATA")]
    return email.message_from_bytes(contents(wheel)[name])


def entry_points(wheel: Path) -> str:
    [name] = [name for name in contents(wheel) if name.endswith(".dist-info/entry_points.txt")]
    return contents(wheel)[name].decode()


def sources(folder: Path) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_has_the_package_and_nothing_else(built: Built) -> None:
    plugin = re.findall(r"^\[pytest11\]\n.*= *([\w.]+)$", entry_points(built.wheel), re.MULTILINE)
    beside = {f"{module}.py" for module in plugin if not module.startswith("accsyn_orm.")}
    found = {name for name in contents(built.wheel) if f"-{__version__}.dist-info/" not in name}
    assert found == sources(ROOT / "accsyn_orm") | beside
    assert "accsyn_orm/py.typed" in found


def test_the_sdist_builds_the_same_wheel(built: Built) -> None:
    assert built.wheel.name == built.wheel_of_sdist.name == f"accsyn_orm-{__version__}-py3-none-any.whl"
    assert contents(built.wheel) == contents(built.wheel_of_sdist)


def test_the_sdist_has_what_the_makefile_runs(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = (sources(ROOT / name) for name in ("accsyn_orm", "tests", "docs/examples"))
    assert {"Makefile", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "PKG-INFO"} <= names
    assert {".ci/noxfile.py"}.union(*folders) <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith((".venv", "docs/_build"))]


def test_the_metadata_say_what_it_is(built: Built) -> None:
    found = metadata(built.wheel)
    assert (found["Name"], found["Version"]) == ("accsyn-orm", __version__)
    assert found["Requires-Python"] == ">=3.10"
    assert found["License-Expression"] == "Apache-2.0"
    assert found["License-File"] == "LICENSE"
    assert found["Description-Content-Type"] == "text/markdown"
    assert found.get_payload(decode=True) == (ROOT / "README.md").read_bytes()
    classifiers = found.get_all("Classifier", [])
    assert "Typing :: Typed" in classifiers
    assert [each.rpartition(" ")[2] for each in classifiers if ":: 3." in each] == [
        "3.10",
        "3.11",
        "3.12",
        "3.13",
    ]


def test_what_is_always_installed_is_little(built: Built) -> None:
    always = [each for each in metadata(built.wheel).get_all("Requires-Dist", []) if "extra ==" not in each]
    assert {re.split(r"[^\w-]", each)[0].lower() for each in always} == {
        "attrs",
        "cattrs",
        "lark",
        "pysocks",
        "requests",
    }
    # A bound from below says what was tested; one from above would break an application that is newer than we are.
    assert all(">=" in each and "<" not in each for each in always)


def test_the_files_hold_no_path_of_the_machine_that_built_them(built: Built) -> None:
    assert not [name for name, content in contents(built.wheel).items() if str(ROOT).encode() in content]
