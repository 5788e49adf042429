"""The folders that play the volumes of the workspace and the machines of its users."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

__all__ = ["Disk"]

_NAME = re.compile(r"[^A-Za-z0-9@._-]")


class Disk:
    """
    Local folders below one root: `volumes/<code>` for a volume, `machines/<e-mail>` for what a user has.

    They are made when they are first used.

    Args:
        root: The folder to use, which is kept; None for one that `remove` takes away.
    """

    def __init__(self, root: str | None = None) -> None:
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._root = None if root is None else Path(root).resolve()

    @property
    def root(self) -> Path:
        """The folder that everything is below."""
        if self._root is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="accsyn-sandbox-")
            self._root = Path(self._temporary.name).resolve()
        return self._root

    def volume(self, code: str) -> Path:
        """Return the folder of a volume."""
        return self._folder("volumes", code)

    def machine(self, email: str) -> Path:
        """Return the folder that plays the machine of a user: an absolute path there is below it."""
        return self._folder("machines", email)

    def _folder(self, kind: str, name: str) -> Path:
        folder = self.root / kind / (_NAME.sub("_", name).lstrip(".") or "_")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def remove(self) -> None:
        """Take a temporary root away."""
        temporary, self._temporary = self._temporary, None
        if temporary is not None:
            self._root = None
            temporary.cleanup()
