"""The files of a publish, with the sizes that the server wants to know beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InvalidValue

__all__ = ["sized"]


def sized(files: Any, path: str = "$") -> tuple[list[dict[str, Any]], int]:
    """
    Copy files and directories with a size for each; what was given is not changed.

    A file without a size has 0, a directory without one the sum of what is in it (measured from
    accsyn-python-api 3.4.0).

    Args:
        files: A dictionary for each: `filename`, `size` in bytes; for a directory `is_dir` and `files`.
        path: Where they stand, for errors.

    Returns:
        The copies, and the sum of their sizes.

    Raises:
        InvalidValue: They are none.
    """
    if not isinstance(files, (list, tuple)):
        raise InvalidValue(
            f"the files of a publish are a {type(files).__name__} @ {path}: give a list of dictionaries"
        )
    listed = [_sized(each, f"{path}[{number}]") for number, each in enumerate(files)]
    return listed, sum(each["size"] for each in listed)


def _sized(file: Any, path: str) -> dict[str, Any]:
    if not isinstance(file, Mapping):
        raise InvalidValue(f"a file to publish is a {type(file).__name__} @ {path}: give a dictionary")
    copy = dict(file)
    inside = 0
    if copy.get("is_dir") and copy.get("files"):
        copy["files"], inside = sized(copy["files"], f"{path}.files")
    size = copy.setdefault("size", inside)
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise InvalidValue(f"the size of a file to publish is {size!r} @ {path}.size: give its bytes, from 0")
    return copy
