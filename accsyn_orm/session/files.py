"""Files on the storage of a workspace, as the published client handles them: paths in, dictionaries out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, overload

from .answering import AnsweringSession, localise
from .base import remembers_errors
from .earlier_orders import in_earlier_orders, renamed
from .paths import AccsynPath
from .storage import Files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["FileCalls", "Path"]

Path: TypeAlias = "str | AccsynPath | Mapping[str, Any] | Sequence[str | AccsynPath]"
# As type checkers tell them apart, to whom a text is a sequence of texts.
One: TypeAlias = "str | AccsynPath | Mapping[str, Any]"
Many: TypeAlias = "list[str | AccsynPath] | list[str] | list[AccsynPath] | tuple[str | AccsynPath, ...]"
Patterns: TypeAlias = "str | Sequence[str] | None"

_DATES = frozenset({"modified", "created"})


class FileCalls(AnsweringSession):
    """
    The calls about files.

    A path is text such as `share=projects/thefilm`, an `AccsynPath`, or a list of either; a list is answered with a
    dictionary for each, with `path` and `result`. `files` has the same with typed values.
    """

    @property
    def files(self) -> Files:
        """The files on the storage of the workspace, as typed values; see `Files`."""
        return Files(self._send_file)

    @remembers_errors
    @in_earlier_orders(renamed(p="path"))
    def ls(
        self,
        path: Path,
        recursive: bool = False,
        maxdepth: int | None = None,
        getsize: bool = False,
        files_only: bool = False,
        directories_only: bool = False,
        include: Patterns = None,
        exclude: Patterns = None,
    ) -> list[dict[str, Any]]:
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

        Returns:
            A list of dictionaries: `type` (0 directory, 1 file), `filename`, `size` in bytes, `modified`, and `files`.
        """
        options = {
            "maxdepth": maxdepth,
            "directories_only": directories_only or None,
            "files_only": files_only or None,
            "include": include or None,
            "exclude": exclude or None,
        }
        found: list[dict[str, Any]] = self._file("ls", path, recursive=recursive, getsize=getsize, **options)
        return found

    @overload
    def getsize(
        self, /, path: One, include: Patterns = None, exclude: Patterns = None, maxdepth: int | None = None
    ) -> int: ...

    @overload
    def getsize(
        self, /, path: Many, include: Patterns = None, exclude: Patterns = None, maxdepth: int | None = None
    ) -> list[dict[str, Any]]: ...

    @remembers_errors
    @in_earlier_orders(renamed(p="path"))
    def getsize(
        self,
        path: Path,
        include: Patterns = None,
        exclude: Patterns = None,
        maxdepth: int | None = None,
    ) -> Any:
        """
        Return the size of a file, or of all that is in a directory, in bytes.

        Args:
            path: The file or directory.
            include: Patterns of names that count; see `ls`.
            exclude: Patterns of names that do not.
            maxdepth: How many levels deep, from 1, as documented; the published client cannot say it.
        """
        options = {"include": include or None, "exclude": exclude or None, "maxdepth": maxdepth}
        return self._file("getsize", path, **options)

    @overload
    def exists(self, /, path: One) -> bool: ...

    @overload
    def exists(self, /, path: Many) -> list[dict[str, Any]]: ...

    @remembers_errors
    @in_earlier_orders(renamed(p="path"))
    def exists(self, path: Path) -> Any:
        """Tell whether there is a file or directory."""
        return self._file("exists", path)

    @overload
    def mkdir(self, /, path: One) -> bool: ...

    @overload
    def mkdir(self, /, path: Many) -> list[dict[str, Any]]: ...

    @remembers_errors
    def mkdir(self, path: Path) -> Any:
        """Make a directory; the one above it has to be there. Returns True."""
        return self._file("mkdir", path)

    @overload
    def rename(self, /, path: One, path_to: Path) -> bool: ...

    @overload
    def rename(self, /, path: Many, path_to: Path) -> list[dict[str, Any]]: ...

    @remembers_errors
    def rename(self, path: Path, path_to: Path) -> Any:
        """
        Rename a file or directory.

        Args:
            path: What is renamed.
            path_to: Its new path, in the same directory.

        Returns:
            True.
        """
        return self._file("rename", path, path_to=_plain(path_to))

    @overload
    def mv(self, /, path_src: One, path_dst: Path) -> bool: ...

    @overload
    def mv(self, /, path_src: Many, path_dst: Path) -> list[dict[str, Any]]: ...

    @remembers_errors
    def mv(self, path_src: Path, path_dst: Path) -> Any:
        """
        Move a file or directory.

        Args:
            path_src: What is moved.
            path_dst: Its new path.

        Returns:
            True.
        """
        return self._file("move", path_src, path_to=_plain(path_dst))

    @overload
    def delete(self, /, path: One, force: bool = False) -> bool: ...

    @overload
    def delete(self, /, path: Many, force: bool = False) -> list[dict[str, Any]]: ...

    @remembers_errors
    def delete(self, path: Path, force: bool = False) -> Any:
        """
        Delete a file or directory.

        Args:
            path: What is deleted.
            force: Delete a directory that is not empty, with all that is in it.

        Returns:
            True.
        """
        return self._file("delete", path, force=force)

    @overload
    def rm(self, /, path: One) -> bool: ...

    @overload
    def rm(self, /, path: Many) -> list[dict[str, Any]]: ...

    @remembers_errors
    def rm(self, path: Path) -> Any:
        """Delete a file or an empty directory, under the name that the clients 2.x have for it. Returns True."""
        return self._file("delete", path, force=False)

    def _file(self, op: str, path: Path, **options: Any) -> Any:
        result = self._send_file(op, _plain(path), **options)
        _localise(result)
        return result

    @remembers_errors
    def _send_file(self, op: str, path: Any, /, **options: Any) -> Any:
        return self._settled(self._dialect.file(op, path, **options))


def _plain(path: Any) -> Any:
    """Write the paths as text; what is none is for the call to refuse."""
    if isinstance(path, AccsynPath):
        return str(path)
    if isinstance(path, (list, tuple)):
        return [_plain(each) for each in path]
    return path


def _localise(result: Any) -> None:
    """Turn the times of files into local ones, however deep they stand; each of these values is ours."""
    pending = [result]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            localise(value, _DATES)
            pending += value.values()
