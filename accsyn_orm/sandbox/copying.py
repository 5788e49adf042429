"""
Copy one task's files, a chunk at a time.

What is being copied lies in a file apart and is renamed when it is whole: under its final name there is never a
part of a file.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

import attrs

from ..errors import ServerError
from .sequences import Sequence, sequence_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .endpoints import Endpoint

__all__ = ["Copy", "Item", "items_of"]

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)


@attrs.frozen
class Item:
    """
    One file to copy, or one folder to make.

    Args:
        source: Where it is, links followed.
        target: Where it goes.
        size: In bytes; -1 for a folder.
    """

    source: str
    target: Endpoint
    size: int


def items_of(source: Endpoint, target: Endpoint) -> list[Item]:
    """
    List what a task copies: a file, the files of a sequence, or a folder with all that is in it.

    Args:
        source: What is copied.
        target: The name that it gets.

    Raises:
        ServerError: Something is missing or cannot be copied.
        OSError: The disk refuses.
    """
    sequence = sequence_of(source.parts[-1]) if source.parts else None
    if sequence is not None and sequence.first is not None:
        return [_item(one, other) for one, other in _frames(source, target, sequence)]
    path = os.path.realpath(source.path())
    if not Path(path).is_dir():
        return [_item(source, target)]
    _check_apart(path, target)
    return list(_tree(source, target, path))


def _frames(source: Endpoint, target: Endpoint, sequence: Sequence) -> Iterator[tuple[Endpoint, Endpoint]]:
    """Pair the files of a sequence with their targets: a folder is never meant by a plain name."""
    other = sequence_of(target.parts[-1])
    if other is None:
        raise ServerError(
            f"A sequence cannot become the one file {target.parts[-1]!r}; end the destination with '/', or "
            f"write a sequence.",
            status=400,
        )
    for number in sequence.numbers():
        yield (
            attrs.evolve(source, parts=(*source.parts[:-1], sequence.name(number))),
            attrs.evolve(target, parts=(*target.parts[:-1], other.name(number))),
        )


def _item(source: Endpoint, target: Endpoint) -> Item:
    path = os.path.realpath(source.path())
    shown = "/".join(source.relative())
    try:
        found = Path(path).stat()
    except OSError as error:
        raise ServerError(f"There is no file {shown!r}: {error.strerror}.", status=404) from error
    if not stat.S_ISREG(found.st_mode):
        raise ServerError(f"{shown!r} is neither a file nor a folder.", status=400)
    if path == os.path.realpath(target.path()):
        raise ServerError(f"{shown!r} would be copied onto itself.", status=400)
    return Item(path, target, found.st_size)


def _check_apart(folder: str, target: Endpoint) -> None:
    if Path(os.path.realpath(target.path())).is_relative_to(folder):
        raise ServerError("A folder cannot be copied into itself.", status=400)


def _fail(error: OSError) -> NoReturn:
    raise error


def _tree(source: Endpoint, target: Endpoint, root: str) -> Iterator[Item]:
    for folder, folders, files in os.walk(root, onerror=_fail):
        folders.sort()
        inner = Path(folder).relative_to(root).parts
        yield Item(folder, attrs.evolve(target, parts=(*target.parts, *inner)), -1)
        # Folders that are links are not walked into; as files they are refused, rather than left out in silence.
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in sorted([*files, *links]):
            yield _item(
                attrs.evolve(source, parts=(*source.parts, *inner, name)),
                attrs.evolve(target, parts=(*target.parts, *inner, name)),
            )


@attrs.define
class Copy:
    """
    The copying of one task, which may rest at any time and go on where it was.

    Args:
        source: What is copied.
        target: The name that it gets.
        part: File that holds what was copied of the current file.
    """

    source: Endpoint
    target: Endpoint
    part: Path
    size: int = -1
    copied: int = 0
    _items: list[Item] | None = None
    _index: int = 0
    _offset: int = 0
    _seen: tuple[int, ...] = ()

    @property
    def prepared(self) -> bool:
        """Whether it is known what there is to copy."""
        return self._items is not None

    @property
    def done(self) -> bool:
        """Whether everything is copied."""
        return self._items is not None and self._index >= len(self._items)

    def prepare(self) -> None:
        """Find out what there is to copy, and how much."""
        self._items = items_of(self.source, self.target)
        self.size = sum(item.size for item in self._items if item.size > 0)

    def advance(self, most: int) -> int:
        """
        Copy on, to the end of the current file at most, and make the folders that come before it.

        Args:
            most: How many bytes to copy at most.

        Returns:
            How many bytes were copied.
        """
        items = self._items or []
        while self._index < len(items):
            item = items[self._index]
            if item.size >= 0:
                return self._copy(item, most)
            _folder(item.target)
            self._index += 1
        return 0

    def _copy(self, item: Item, most: int) -> int:
        self._check_unchanged(item)
        with _reading(item.source) as source, _writing(self.part, self._offset) as target:
            source.seek(self._offset)
            chunk = source.read(most)
            target.write(chunk)
            whole = not source.read(1)
        self._offset += len(chunk)
        self.copied += len(chunk)
        if whole:
            self._finish(item)
        return len(chunk)

    def _check_unchanged(self, item: Item) -> None:
        """Begin the file again where it changed since its last chunk."""
        found = Path(item.source).stat()
        seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        if self._offset and seen != self._seen:
            self.copied -= self._offset
            self._offset = 0
        self._seen = seen

    def _finish(self, item: Item) -> None:
        path = item.target.path()
        shown = "/".join(item.target.relative())
        if path.is_dir() and not path.is_symlink():
            raise ServerError(
                f"{shown!r} is a folder; end the destination with '/' to copy into it.", status=400
            )
        parent = _folder(attrs.evolve(item.target, parts=item.target.parts[:-1]))
        os.utime(self.part, ns=(self._seen[0], self._seen[0]))
        self.part.replace(parent / path.name)
        self._index += 1
        self._offset = 0

    def discard(self) -> None:
        """Throw away what was copied of the current file."""
        self.part.unlink(missing_ok=True)
        self._items, self._index, self._offset, self.copied = None, 0, 0, 0


def _folder(endpoint: Endpoint) -> Path:
    path = endpoint.path()
    path.mkdir(parents=True, exist_ok=True)
    return path


def _reading(path: str) -> BinaryIO:
    # The path was read with its links followed; a link that stands there now is not followed any more.
    return os.fdopen(os.open(path, os.O_RDONLY | _NO_LINKS | _BINARY), "rb")


@contextlib.contextmanager
def _writing(path: Path, offset: int) -> Iterator[BinaryIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("r+b" if offset else "wb") as file:
        file.seek(offset)
        yield file
