"""The wheel and the sdist as `make dist` builds them, and environments that have only what a user installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]


def _environment() -> dict[str, str]:
    """Return the environment of whoever runs the tests, without what leads Python or accsyn_orm elsewhere."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "ACCSYN_", "COV_", "COVERAGE_")) and name != "VIRTUAL_ENV"
    }


def _run(*command: str | Path, folder: Path, check: bool) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(  # noqa: S603 -- our own commands
        list(map(str, command)),
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stdout}\n{done.stderr}")
    return done


@attrs.frozen
class Built:
    """
    What was built.

    Args:
        sdist: Made from the source tree.
        wheel: Made from the source tree.
        wheel_of_sdist: Made from the sdist.
    """

    sdist: Path
    wheel: Path
    wheel_of_sdist: Path


@attrs.frozen
class Installed:
    """
    An environment of its own with accsyn_orm in it, and a folder that is nowhere near the source tree.

    Args:
        bin: Where its programs are.
        folder: Where they are run.
    """

    bin: Path
    folder: Path

    def pip(self, *requirements: str) -> None:
        arguments = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements)
        _run(self.bin / "python", *arguments, folder=self.folder, check=True)

    def run(
        self, program: str, *arguments: str | Path, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return _run(self.bin / program, *arguments, folder=self.folder, check=check)

    def python(self, script: str) -> str:
        """Run a script with warnings as errors, and return what it prints."""
        return self.run("python", "-W", "error", "-c", script).stdout.strip()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")

    def build(*arguments: str | Path, into: str) -> Path:
        _run(sys.executable, "-m", "build", *arguments, "--outdir", folder / into, folder=folder, check=True)
        return folder / into

    both = build("--sdist", "--wheel", ROOT, into="tree")
    [sdist], [wheel] = both.glob("*.tar.gz"), both.glob("*.whl")
    unpacked = folder / "unpacked"
    shutil.unpack_archive(sdist, unpacked, filter="data")
    [source] = unpacked.iterdir()
    [again] = build("--wheel", source, into="sdist").glob("*.whl")
    return Built(sdist, wheel, again)


@pytest.fixture(scope="session")
def install(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Installed]:
    """Make an environment, with some extras of the wheel and other requirements."""

    def installed(extras: str = "", *requirements: str) -> Installed:
        folder = tmp_path_factory.mktemp("installed")
        _run(sys.executable, "-m", "venv", folder / "environment", folder=folder, check=True)
        (folder / "work").mkdir()
        environment = Installed(folder / "environment" / "bin", folder / "work")
        environment.pip(f"{built.wheel}[{extras}]" if extras else str(built.wheel), *requirements)
        return environment

    return installed


@pytest.fixture(scope="session")
def bare(install: Callable[..., Installed]) -> Installed:
    """Return what `pip install accsyn-orm` gives."""
    return install()


@pytest.fixture(scope="session")
def with_sandbox(install: Callable[..., Installed]) -> Installed:
    """Return what `pip install 'accsyn-orm[sandbox]' pytest` gives."""
    return install("sandbox", "pytest")
