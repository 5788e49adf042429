"""Walk what is on a volume: listings and sizes."""

from __future__ import annotations

import contextlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import PermissionDenied
from .disk import below, is_text
from .name_filter import NameFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .context import Context
    from .locating import Contents
    from .store import Document

__all__ = ["Walk", "contents_of"]

Parts = tuple[str, ...]

DIRECTORY, FILE = 0, 1


@attrs.frozen
class Walk:
    """
    How a folder is walked.

    Args:
        folder: The folder of the volume.
        visible: Whether a path of the volume may be seen.
        names: Filter by name.
        recursive: Whether to go into folders, giving each its `files`.
        maxdepth: How many levels to list; None for all.
        getsize: Whether to sum up what is in a folder; otherwise a folder's size is -1.
        kind: DIRECTORY or FILE where only those are listed.
    """

    folder: Path
    visible: Callable[[Parts], bool]
    names: NameFilter = attrs.field(factory=NameFilter)
    recursive: bool = False
    maxdepth: int | None = None
    getsize: bool = False
    kind: int | None = None

    def listing(self, parts: Parts, depth: int = 1) -> list[Document]:
        """Return what is in a folder, or the one file that the parts name, by name."""
        path = below(self.folder, parts)
        if not path.is_dir():
            return [_entry(path, FILE, path.stat().st_size)]
        entries = []
        for child in self._children(parts):
            # What is taken away while it is listed is not listed.
            with contextlib.suppress(FileNotFoundError):
                entries.append(self._listed(child, depth))
        return [entry for entry in entries if entry is not None]

    def _children(self, parts: Parts) -> Iterator[Parts]:
        names = [path.name for path in below(self.folder, parts).iterdir()]
        for name in sorted(names, key=lambda name: (name.casefold(), name)):
            child = (*parts, name)
            # A link out of the volume and a name that is no text are not there for anybody.
            if self.visible(child) and is_text(name) and self._stays(child):
                yield child

    def _stays(self, parts: Parts) -> bool:
        try:
            return below(self.folder, parts).exists()
        except PermissionDenied:
            return False

    def _listed(self, parts: Parts, depth: int) -> Document | None:
        path = self.folder.joinpath(*parts)
        kept = self.names.keeps(parts[-1])
        if not path.is_dir():
            return _entry(path, FILE, path.stat().st_size) if kept and self.kind != DIRECTORY else None
        if not self.names.enters(parts[-1]):
            return None
        entry = _entry(path, DIRECTORY, self.size(parts) if self.getsize else -1)
        if not self.recursive or path.is_symlink():
            return entry if kept and self.kind != FILE else None
        deeper = self.maxdepth is None or depth < self.maxdepth
        files = self.listing(parts, depth + 1) if deeper else []
        # A folder that is not wanted itself is kept for the sake of what is wanted in it.
        return {**entry, "files": files} if files or (kept and self.kind != FILE) else None

    def size(self, parts: Parts) -> int:
        """Return the bytes of a file, or of all files below a folder that pass the filter."""
        path = below(self.folder, parts)
        if not path.is_dir():
            return path.stat().st_size
        total = 0
        for child in self._children(parts):
            inner = self.folder.joinpath(*child)
            if inner.is_dir():
                walked = not inner.is_symlink() and self.names.enters(child[-1])
                total += self.size(child) if walked else 0
            elif self.names.keeps(child[-1]):
                total += inner.stat().st_size
        return total


def _entry(path: Path, kind: int, size: int) -> Document:
    modified = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    return {
        "type": kind,
        "filename": path.name,
        "size": size,
        "modified": modified.strftime("%Y-%m-%dT%H:%M:%S"),
    }


def contents_of(context: Context, place: Contents, names: NameFilter) -> list[Document]:
    """Return the files of a collection, or those that a delivery delivers, as its entries say."""
    owner = place.owner
    items: list[tuple[str, Any, Any]] = []
    if owner.type == "collection":
        items.extend(
            (row.document["name"], row.document.get("size"), row.document.get("modified"))
            for row in context.store.children(owner.id, "file")
        )
    else:
        for row in context.store.children(owner.id, "task"):
            source = row.document.get("source")
            path = source.get("path") if isinstance(source, dict) else source
            if isinstance(path, str) and path:
                name = path.rstrip("\\/").replace("\\", "/").rpartition("/")[2]
                items.append((name, row.document.get("size"), row.document.get("modified")))
    return [
        {"type": FILE, "filename": name, "size": -1 if size is None else size, "modified": modified}
        for name, size, modified in items
        if names.keeps(name)
    ]
