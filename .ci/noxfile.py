"""
What is tested on every Python, with the oldest and the newest dependencies, and as installed.

`make test-all` runs all of it; `nox -f .ci/noxfile.py -l` lists the sessions, and `-s 'tests-3.13'` picks one. The
Pythons have to be there (`python3.10` and so on); one that is missing is an error, since nothing would be tested.
"""

from __future__ import annotations

from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
RUNTIME = ("cli", "fast", "frames", "sandbox", "shared")

nox.needs_version = ">=2024.4.15"
nox.options.error_on_missing_interpreters = True
nox.options.default_venv_backend = "virtualenv"
nox.options.sessions = ["tests", "oldest", "newest", "dist"]


def _pytest(session: nox.Session, *arguments: str) -> None:
    session.chdir(ROOT)
    # Beside the environments, so that the published clients are installed once and not by each of them.
    clients = {"PUBLISHED_CLIENTS": str(ROOT / ".venv" / "published")}
    session.run("python", "-m", "pytest", "-p", "no:cacheprovider", *arguments, *session.posargs, env=clients)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests, with what pip chooses."""
    session.chdir(ROOT)
    session.install("--editable", ".[test]")
    _pytest(session, "tests/unit", "tests/property", "tests/conformance", "tests/docs")


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """Run the unit tests with the oldest releases that pyproject.toml allows, on the oldest Python."""
    session.chdir(ROOT)
    session.install("uv")
    pins = str(Path(session.create_tmp()) / "oldest.txt")
    extras = [f"--extra={name}" for name in RUNTIME]
    session.run(
        *("uv", "pip", "compile", "--quiet", "--resolution", "lowest-direct", *extras),
        *("--python-version", PYTHONS[0], "--output-file", pins, "pyproject.toml"),
    )
    # The tools of the tests are new ones: it is the library that has to run on old releases.
    session.run(
        *("uv", "pip", "install", "--quiet", "--python", str(session.virtualenv.bin) + "/python"),
        *("--constraint", pins, "--editable", ".[test]"),
    )
    session.run("uv", "pip", "list", "--python", str(session.virtualenv.bin) + "/python")
    _pytest(session, "tests/unit")


@nox.session(python=PYTHONS[-1])
def newest(session: nox.Session) -> None:
    """Run the unit tests with the newest releases there are, candidates for release included."""
    session.chdir(ROOT)
    session.install("--upgrade", "--pre", "--editable", ".[test]")
    _pytest(session, "tests/unit")


@nox.session(python=[PYTHONS[0], PYTHONS[-1]])
def dist(session: nox.Session) -> None:
    """Build the wheel and the sdist, and test what they install."""
    session.chdir(ROOT)
    session.install("build", "mypy", "--editable", ".[test]")
    _pytest(session, "-m", "packaging", "tests/packaging")
