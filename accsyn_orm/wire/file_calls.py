"""The calls about files on the storage of a workspace."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidValue
from .messages import Call
from .names import check_count

__all__ = ["FILE_OPERATIONS", "FileCalls", "check_path"]

# The method of each operation (measured from accsyn-python-api 3.4.0).
FILE_OPERATIONS: Mapping[str, str] = {
    "ls": "GET",
    "getsize": "GET",
    "exists": "GET",
    "mkdir": "POST",
    "delete": "POST",
    "rename": "PUT",
    "move": "PUT",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_FLAGS = frozenset({"recursive", "getsize", "files_only", "directories_only", "force"})


class FileCalls:
    """Build the calls about files."""

    # What the uris of the workspace itself begin with.
    file_uri = "workspace/file"

    def file(self, op: str, path: Any, **options: Any) -> Call:
        """
        Do something with a file or directory.

        Args:
            op: `ls`, `getsize`, `exists`, `mkdir`, `delete`, `rename` or `move`.
            path: Such as `share=projects/thefilm`; a list of such paths; or an object, which the server is to read.
            options: Those of the operation that are given, by their names on the wire; None is none. For `ls`:
                `recursive`, `getsize`, `files_only`, `directories_only`, `maxdepth`, `include`, `exclude`; for
                `getsize`: the last three; for `delete`: `force`; for `rename` and `move`: `path_to`.

        Raises:
            InvalidValue: There is no such operation, or a path or an option does not hold.
        """
        method = FILE_OPERATIONS.get(op)
        if method is None:
            raise InvalidValue(f"{op!r} is no operation on files: {', '.join(FILE_OPERATIONS)} are")
        data: dict[str, Any] = {"op": op, "path": check_path(path)}
        if op == "ls":
            data.update(download=True, recursive=False, getsize=False)
        data.update((name, _option(name, value)) for name, value in options.items() if value is not None)
        return Call(
            method, self.file_uri, data=data, entity=f"file:{path}" if isinstance(path, str) else "file"
        )


def check_path(path: Any, what: str = "path") -> Any:
    """
    Return a path, a list of paths, or an object that stands for one.

    Raises:
        InvalidValue: It is empty, or holds what no path can.
    """
    if isinstance(path, str):
        return _checked_text(path, what)
    if isinstance(path, Mapping) and path:
        return dict(path)
    if isinstance(path, (list, tuple)) and path:
        return [_checked_text(each, f"{what} {number}") for number, each in enumerate(path)]
    raise InvalidValue(
        f"the {what} is {path!r}: give text such as 'share=projects/thefilm', a list of such, or a dictionary"
    )


def _checked_text(path: Any, what: str) -> str:
    if not isinstance(path, str) or not path.strip():
        raise InvalidValue(f"the {what} is {path!r}: give text such as 'share=projects/thefilm'")
    if _CONTROL.search(path) or any(unicodedata.category(each) == "Cs" for each in path):
        raise InvalidValue(f"the {what} {path!r} holds a control character or half of a surrogate pair")
    return path


def _option(name: str, value: Any) -> Any:
    if name == "path_to":
        return check_path(value, "destination path")
    if name == "maxdepth":
        return check_count(name, value, 1)
    if name in _FLAGS:
        if not isinstance(value, bool):
            raise InvalidValue(f"{name}={value!r} does not hold: True or False")
        return value
    if name not in {"include", "exclude"}:
        raise InvalidValue(f"{name!r} is no option of an operation on files")
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, (list, tuple)) or not all(
        isinstance(each, str) and each for each in patterns
    ):
        raise InvalidValue(
            f"{name}={value!r} does not hold: a pattern such as '*.mov', or a list of patterns"
        )
    return value if isinstance(value, str) else list(value)
