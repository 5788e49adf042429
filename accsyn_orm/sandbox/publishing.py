"""Look through files before they are published (accsyn documentation, publish)."""

from __future__ import annotations

import re
from typing import Any

from ..errors import ServerError

__all__ = ["prepublished"]

_STATUSES = ("wip", "review", "approved")
_VERSION = re.compile(r"[_.]v(\d+)", re.IGNORECASE)


def prepublished(data: Any) -> dict[str, Any]:
    """
    Say of each file whether it can be published, and as what.

    Args:
        data: `files`, a list of {id, filename, size, is_dir, files}, and `size`, their bytes in all.

    Raises:
        ServerError: It is not that.
    """
    files = data.get("files") if isinstance(data, dict) else None
    if not isinstance(files, list) or not files:
        raise ServerError(f"To be published is a list of files, not {files!r}.", status=400)
    return {
        "files": [_answered(each) for each in files],
        "guidelines": "Name what you publish <name>_v<version>; empty files are published with a warning.",
        "comment": True,
        "time_report": False,
        "statuses": list(_STATUSES),
        "metadata": {},
        "tasks": [],
    }


def _answered(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict) or not isinstance(item.get("filename"), str) or not item["filename"]:
        raise ServerError(
            f"A file to be published is an object with id, filename and size, not {item!r}.", status=400
        )
    name = item["filename"]
    version = _VERSION.search(name)
    rejected = name.startswith(".")
    inner = item.get("files")
    empty = not item.get("is_dir") and item.get("size") == 0
    return {
        **item,
        **({"files": [_answered(each) for each in inner]} if isinstance(inner, list) else {}),
        "ident": item.get("id"),
        "can_publish": not rejected and version is not None,
        "can_upload": not rejected,
        "rejected": rejected,
        "warning": "The file is empty." if empty else None,
        "info": _info(rejected, version),
        "path": f"publish/{name}",
        "comment_label": "Comment",
    }


def _info(rejected: bool, version: re.Match[str] | None) -> str:
    if rejected:
        return "Hidden files are not published."
    return (
        "Uploaded without being published: the name has no version."
        if version is None
        else f"Version {version[1]}."
    )
