"""
The folders that play the volumes of the workspace and the machines of its users.

Whatever a client writes as a path, nothing outside of these folders is read or written: a path is cut into its parts
by `parts_of`, which refuses what climbs, and joined again by `below`, which refuses what a link would lead out.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PermissionDenied, ServerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Disk", "below", "is_text", "parts_of"]

_NAME = re.compile(r"[^A-Za-z0-9@._-]")
_SEPARATORS = re.compile(r"[\\/]+")


def parts_of(text: str) -> tuple[str, ...]:
    r"""
    Cut a relative path into its parts; `/` and `\` separate, empty parts and `.` say nothing.

    Raises:
        ServerError: A part is `..`, a drive such as `C:`, or holds what no file system takes.
    """
    parts = tuple(part for part in _SEPARATORS.split(text) if part not in {"", "."})
    for part in parts:
        if part.strip(" ") == ".." or re.fullmatch(r"[A-Za-z]:", part):
            raise ServerError(
                f"{part!r} cannot be part of the path {text!r}: paths run downwards from the root of a share.",
                status=400,
            )
        if "\0" in part or not is_text(part):
            raise ServerError(f"The path {text!r} holds a character that no file name can have.", status=400)
    return parts


def is_text(name: str) -> bool:
    """Return whether a file name can travel: one that is no UTF-8 on disk cannot."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def below(folder: Path, parts: Iterable[str]) -> Path:
    """
    Return the path of some parts below a folder.

    Raises:
        PermissionDenied: A link, or what the file system makes of a name, leads out of the folder.
    """
    path = folder.joinpath(*parts)
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise PermissionDenied(
            f"{'/'.join(parts)!r} leads out of its volume; only what is below the volume can be used.",
            status=403,
        )
    return path


class Disk:
    """
    Local folders below one root: `volumes/<code>` for a volume, `machines/<e-mail>` for what a user has.

    They are made when they are first used.

    Args:
        root: The folder to use, which is kept; None for one that `remove` takes away.
        samples: Files to put into a volume's folder when it is made: by the volume's code, then by path.
    """

    def __init__(
        self, root: str | None = None, samples: Mapping[str, Mapping[str, bytes]] | None = None
    ) -> None:
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._root = None if root is None else Path(root).resolve()
        self._samples = samples or {}

    @property
    def root(self) -> Path:
        """The folder that everything is below."""
        if self._root is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="accsyn-sandbox-")
            self._root = Path(self._temporary.name).resolve()
        return self._root

    def volume(self, code: str) -> Path:
        """Return the folder of a volume."""
        return self._folder("volumes", code, self._samples.get(code, {}))

    def machine(self, email: str) -> Path:
        """Return the folder that plays the machine of a user: an absolute path there is below it."""
        return self._folder("machines", email, {})

    def _folder(self, kind: str, name: str, samples: Mapping[str, bytes]) -> Path:
        plain = _NAME.sub("_", name).lstrip(".") or "_"
        if plain != name:
            # Two names that differ only in what was replaced must not share a folder.
            plain = f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        folder = self.root / kind / plain
        if not folder.exists():
            folder.mkdir(parents=True)
            for path, content in samples.items():
                target = below(folder, parts_of(path))
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        return folder

    def remove(self) -> None:
        """Take a temporary root away."""
        temporary, self._temporary = self._temporary, None
        if temporary is not None:
            self._root = None
            temporary.cleanup()
