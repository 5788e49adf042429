"""The files on the storage of a workspace, as typed values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import attrs

from ..errors import InvalidValue, ProtocolError
from ..wire import codec
from .paths import AccsynPath

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

__all__ = ["FileEntry", "Files"]

Patterns: TypeAlias = "str | Sequence[str] | None"

_DIRECTORY, _FILE = 0, 1


class SendsFileCalls(Protocol):
    """What `Files` needs of a session."""

    def __call__(self, op: str, path: Any, /, **options: Any) -> Any:
        """Do something with a file, and return the result in the answer."""


@attrs.frozen
class FileEntry:
    """
    A file or directory in a listing.

    Args:
        name: Its name.
        is_dir: Whether it is a directory.
        size: Its bytes; None where the server does not say, as for directories without `getsize`.
        modified: When it was changed last, in UTC; None where the server does not say.
        directory: Where it is.
        files: What is in it, in a recursive listing.
    """

    name: str
    is_dir: bool
    size: int | None
    modified: datetime | None
    directory: AccsynPath
    files: tuple[FileEntry, ...] = ()

    @property
    def path(self) -> AccsynPath:
        """
        Its path.

        Raises:
            InvalidValue: No path can hold its name.
        """
        return self.directory.child(self.name)


class Files:
    """
    Files on the storage of a workspace.

        for entry in session.files.ls("share=projects/thefilm"):
            print(entry.path, entry.size)

    A path is an `AccsynPath` or text that is one. Each call is a request, carried out at once.

    Args:
        send: Sends the calls.
    """

    def __init__(self, send: SendsFileCalls) -> None:
        self._send = send

    def ls(
        self,
        path: str | AccsynPath,
        *,
        recursive: bool = False,
        maxdepth: int | None = None,
        getsize: bool = False,
        files_only: bool = False,
        directories_only: bool = False,
        include: Patterns = None,
        exclude: Patterns = None,
    ) -> list[FileEntry]:
        """
        List a directory.

        Args:
            path: The directory.
            recursive: List what is in the directories below it too, in `files` of each.
            maxdepth: How many levels deep, from 1.
            getsize: Give the sizes of directories too.
            files_only: Leave directories out.
            directories_only: Leave files out.
            include: Patterns of names to list, of which one has to fit: `*.mov`, `re('…')`. They go before `exclude`.
            exclude: Patterns of names to leave out.

        Raises:
            ServerError: There is no such directory, or the user may not list it.
        """
        if files_only and directories_only:
            raise InvalidValue("files_only= and directories_only= leave nothing to list: give one of them")
        directory = _path(path)
        options = {"maxdepth": maxdepth, "include": include, "exclude": exclude}
        flags = {"files_only": files_only or None, "directories_only": directories_only or None}
        result = self._send("ls", str(directory), recursive=recursive, getsize=getsize, **flags, **options)
        return list(_entries(result, attrs.evolve(directory, into=False), "$.result"))

    def walk(
        self, top: str | AccsynPath, *, at_once: bool = False
    ) -> Iterator[tuple[AccsynPath, list[FileEntry], list[FileEntry]]]:
        """
        Go through a directory and all below it, from the top, as `os.walk` does.

        Args:
            top: The directory.
            at_once: List all of it in one request, and not each directory in one of its own when it is reached.

        Yields:
            A directory, the directories in it, and the files in it. Directories that are taken out of that list are
            not gone into.
        """
        start = attrs.evolve(_path(top), into=False)
        pending: list[tuple[AccsynPath, Sequence[FileEntry] | None]] = [
            (start, self.ls(start, recursive=True) if at_once else None)
        ]
        while pending:
            directory, known = pending.pop()
            entries = self.ls(directory) if known is None else known
            inside = [each for each in entries if each.is_dir]
            yield directory, inside, [each for each in entries if not each.is_dir]
            pending += [(each.path, each.files if at_once else None) for each in reversed(inside)]

    def exists(self, path: str | AccsynPath) -> bool:
        """Tell whether there is a file or directory."""
        result = self._send("exists", str(_path(path)))
        if not isinstance(result, bool):
            raise ProtocolError(
                f"whether {str(path)!r} exists was asked, and {result!r} came @ $.result: true or false was expected"
            )
        return result

    def getsize(
        self,
        path: str | AccsynPath,
        *,
        include: Patterns = None,
        exclude: Patterns = None,
        maxdepth: int | None = None,
    ) -> int:
        """
        Return the size of a file, or of all that is in a directory, in bytes.

        Args:
            path: The file or directory.
            include: Patterns of names that count; see `ls`.
            exclude: Patterns of names that do not.
            maxdepth: How many levels deep, from 1.
        """
        options = {"include": include, "exclude": exclude, "maxdepth": maxdepth}
        result = self._send("getsize", str(_path(path)), **options)
        if isinstance(result, bool) or not isinstance(result, int):
            raise ProtocolError(
                f"the size of {str(path)!r} was asked, and {result!r} came @ $.result: bytes were expected"
            )
        return result

    def mkdir(self, path: str | AccsynPath) -> AccsynPath:
        """Make a directory, and return its path; the one above it has to be there."""
        return self._carried_out("mkdir", _path(path))

    def rename(self, path: str | AccsynPath, name: str | AccsynPath) -> AccsynPath:
        """
        Rename a file or directory.

        Args:
            path: What is renamed.
            name: Its new name, or its new path in the same directory.

        Returns:
            Its new path.

        Raises:
            InvalidValue: The new path is in another directory.
        """
        source = _path(path)
        if not source.parts:
            raise InvalidValue(f"{str(source)!r} is no file or directory that could be renamed: it is a root")
        plain = isinstance(name, str) and not set(name) & set("/\\")
        target = source.parent.child(str(name)) if plain else _path(name)
        if target.parent != source.parent:
            raise InvalidValue(f"{str(target)!r} is not in the directory of {str(source)!r}: use move()")
        return self._carried_out("rename", source, target)

    def move(self, path: str | AccsynPath, to: str | AccsynPath) -> AccsynPath:
        """
        Move a file or directory, and return its new path.

        Args:
            path: What is moved.
            to: Its new path.
        """
        return self._carried_out("move", _path(path), _path(to))

    def delete(self, path: str | AccsynPath, *, force: bool = False) -> None:
        """
        Delete a file or directory.

        Args:
            path: What is deleted.
            force: Delete a directory that is not empty, with all that is in it.
        """
        source = _path(path)
        if self._send("delete", str(source), force=force) is not True:
            raise ProtocolError(f"the server did not delete {str(source)!r} and does not say why")

    def _carried_out(self, op: str, path: AccsynPath, to: AccsynPath | None = None) -> AccsynPath:
        options = {} if to is None else {"path_to": str(to)}
        if self._send(op, str(path), **options) is not True:
            raise ProtocolError(f"the server did not {op} {str(path)!r} and does not say why")
        return path if to is None else to


def _path(path: str | AccsynPath) -> AccsynPath:
    return path if isinstance(path, AccsynPath) else AccsynPath.parse(path)


def _entries(result: Any, directory: AccsynPath, where: str) -> Iterator[FileEntry]:
    if not isinstance(result, list):
        raise ProtocolError(
            f"the listing of {str(directory)!r} has {_kind(result)} @ {where}: a list was expected"
        )
    for index, row in enumerate(result):
        yield _entry(row, directory, f"{where}[{index}]")


def _entry(row: Any, directory: AccsynPath, where: str) -> FileEntry:
    if not isinstance(row, dict):
        raise ProtocolError(
            f"the listing of {str(directory)!r} has {_kind(row)} @ {where}: an object was expected"
        )
    kind, name, size = row.get("type"), row.get("filename"), row.get("size")
    if isinstance(kind, bool) or kind not in {_DIRECTORY, _FILE}:
        raise _malformed(directory, kind, f"{where}.type", "0 for a directory or 1 for a file")
    if not isinstance(name, str) or not name:
        raise _malformed(directory, name, f"{where}.filename", "a name")
    if size is not None and (isinstance(size, bool) or not isinstance(size, int)):
        raise _malformed(directory, size, f"{where}.size", "a number of bytes")
    inside = row.get("files")
    # What is not known is -1, as in transfers.
    known = None if size is None or size < 0 else size
    entry = FileEntry(name, kind == _DIRECTORY, known, _moment(row, directory, where), directory)
    if not inside:
        return entry
    return attrs.evolve(entry, files=tuple(_entries(inside, entry.path, f"{where}.files")))


def _moment(row: dict[str, Any], directory: AccsynPath, where: str) -> datetime | None:
    value = row.get("modified")
    if value is None or value == "":
        return None
    moment = codec.decode_datetime(value) if isinstance(value, str) else None
    if moment is None:
        raise _malformed(directory, value, f"{where}.modified", "a time in UTC")
    return moment


def _malformed(directory: AccsynPath, value: Any, where: str, expected: str) -> ProtocolError:
    return ProtocolError(
        f"the listing of {str(directory)!r} has {value!r} @ {where}: {expected} was expected"
    )


def _kind(value: Any) -> str:
    return "null" if value is None else f"a {type(value).__name__}"
