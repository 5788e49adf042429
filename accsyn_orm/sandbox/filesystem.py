"""File operations on the folders that play the volumes (accsyn documentation, file operations)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import AccsynError, ServerError
from .disk import below, parts_of
from .file_access import FileAccess
from .listing import DIRECTORY, FILE, Walk, contents_of
from .locating import Contents, Location, locate, root_of
from .name_filter import NameFilter, name_filter

if TYPE_CHECKING:
    from .context import Context
    from .messages import Event

__all__ = ["OPERATIONS"]

Data = Mapping[str, Any]
Place = Location | Contents


@attrs.frozen
class _Files:
    """One request's view of the volumes."""

    context: Context
    access: FileAccess
    data: Data

    def flag(self, name: str) -> bool:
        value = self.data.get(name)
        if value is not None and not isinstance(value, bool):
            raise ServerError(f"{name} is true or false, not {value!r}.", status=400)
        return bool(value)

    def names(self) -> NameFilter:
        return name_filter(self.data.get("include"), self.data.get("exclude"))

    def path(self, location: Location) -> Path:
        return below(self.context.disk.volume(location.volume.document["code"]), location.parts)

    def made(self, location: Location) -> Path:
        """Return the path, with the folder of the share that it is in, which exists once the share does."""
        volume = self.context.disk.volume(location.volume.document["code"])
        below(volume, location.parts[: location.root]).mkdir(parents=True, exist_ok=True)
        return below(volume, location.parts)

    def existing(self, location: Location) -> Path:
        path = self.made(location) if location.within is None else self.path(location)
        if not os.path.lexists(path):
            raise ServerError(f"There is nothing at {location.text!r}.", status=404)
        return path

    def walk(self, location: Location, kind: int | None = None) -> Walk:
        depth = self.data.get("maxdepth")
        if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 1):
            raise ServerError(f"maxdepth is a number of levels from 1, not {depth!r}.", status=400)
        return Walk(
            self.context.disk.volume(location.volume.document["code"]),
            lambda parts: self.access.visible(location, parts),
            self.names(),
            self.flag("recursive"),
            depth,
            self.flag("getsize"),
            kind,
        )

    def changeable(self, location: Location, action: str) -> Path:
        """Return the path of something that may be renamed, moved or deleted: a share's own folder may not."""
        path = self.existing(location)
        for share in self.context.store.rows(["volume", "folder", "home", "collection"]):
            root = root_of(self.context, share)
            if root is not None and (root[0].id, root[1]) == (location.volume.id, location.parts):
                raise ServerError(
                    f"{location.text!r} is the folder of the {share.type} {share.document.get('code')!r}, "
                    f"which cannot be {action} as a file; change the {share.type}.",
                    status=400,
                )
        return path


def _ls(files: _Files, place: Place) -> Any:
    files.access.check_visible(place)
    if isinstance(place, Contents):
        return contents_of(files.context, place, files.names())
    directories, only_files = files.flag("directories_only"), files.flag("files_only")
    if directories and only_files:
        raise ServerError("directories_only and files_only exclude each other; give one of them.", status=400)
    files.existing(place)
    return files.walk(place, DIRECTORY if directories else FILE if only_files else None).listing(place.parts)


def _getsize(files: _Files, place: Place) -> int:
    files.access.check_visible(place)
    if isinstance(place, Contents):
        return sum(max(0, entry["size"]) for entry in contents_of(files.context, place, files.names()))
    files.existing(place)
    return files.walk(place).size(place.parts)


def _exists(files: _Files, place: Place) -> bool:
    files.access.check_visible(place)
    return (
        isinstance(place, Contents)
        or (files.path(place) if place.within is not None else files.made(place)).exists()
    )


def _mkdir(files: _Files, place: Place) -> bool:
    location = files.access.check_write(place)
    path = files.made(location)
    if os.path.lexists(path):
        raise ServerError(f"{location.text!r} exists already; choose another name.", status=400)
    _check_parent(path, location.text)
    path.mkdir()
    return True


def _check_parent(path: Path, text: str) -> None:
    if not path.parent.is_dir():
        raise ServerError(f"The folder that {text!r} would be in does not exist; make it first.", status=404)


def _delete(files: _Files, place: Place) -> bool:
    location = files.access.check_write(place)
    path = files.changeable(location, "deleted")
    if path.is_symlink() or not path.is_dir():
        path.unlink()
    elif files.flag("force"):
        shutil.rmtree(path)
    elif any(path.iterdir()):
        raise ServerError(f"Cannot delete non-empty directory '{location.text}'!", status=400)
    else:
        path.rmdir()
    return True


def _rename(files: _Files, place: Place) -> bool:
    source = files.access.check_write(place)
    text: Any = files.data.get("path_to")
    bare = isinstance(text, str) and text[:1] not in {"", "~"} and not {"=", ":", "/", "\\"} & set(text)
    if bare:
        target = attrs.evolve(source, parts=(*source.parts[:-1], *parts_of(text)), text=text)
    else:
        target = files.access.check_write(locate(files.context, text))
    if target.volume.id != source.volume.id or target.parts[:-1] != source.parts[:-1]:
        raise ServerError(
            f"{text!r} is not in the folder of {source.text!r}; rename keeps the folder, move changes it.",
            status=400,
        )
    return _carry(files, source, target, "renamed")


def _move(files: _Files, place: Place) -> bool:
    source = files.access.check_write(place)
    target = locate(files.context, files.data.get("path_to"))
    if isinstance(target, Contents) or not source.parts:
        return _carry(files, source, files.access.check_write(target), "moved")
    inside = files.access.check_write(attrs.evolve(target, parts=(*target.parts, source.parts[-1])))
    if files.made(target).is_dir():
        return _carry(files, source, inside, "moved")
    if target.into:
        raise ServerError(f"There is no folder {target.text!r} to move into.", status=404)
    return _carry(files, source, files.access.check_write(target), "moved")


def _carry(files: _Files, source: Location, target: Location, action: str) -> bool:
    path, path_to = files.changeable(source, action), files.made(target)
    if os.path.lexists(path_to):
        raise ServerError(f"There is something at {target.text!r} already.", status=400)
    _check_parent(path_to, target.text)
    if Path(os.path.realpath(path_to.parent)).is_relative_to(os.path.realpath(path)):
        raise ServerError(f"{source.text!r} cannot be moved below itself.", status=400)
    shutil.move(path, path_to)
    return True


_LIMITS = ("include", "exclude", "maxdepth")
_LS_OPTIONS = ("download", "recursive", "getsize", "directories_only", "files_only", *_LIMITS)
_Run = Callable[[_Files, Place], Any]
# op -> (method, what does it, what it knows besides `op` and `path`). The 2.x client's `rm` says mkdir and sends
# force along.
_OPS: dict[str, tuple[str, _Run, tuple[str, ...]]] = {
    "ls": ("GET", _ls, _LS_OPTIONS),
    "getsize": ("GET", _getsize, _LIMITS),
    "exists": ("GET", _exists, ()),
    "mkdir": ("POST", _mkdir, ("force",)),
    "delete": ("POST", _delete, ("force",)),
    "rm": ("POST", _delete, ("force",)),
    "rename": ("PUT", _rename, ("path_to",)),
    "move": ("PUT", _move, ("path_to",)),
    "mv": ("PUT", _move, ("path_to",)),
}


def _file(context: Context, event: Event) -> Any:
    """Carry a file operation out, on one path or on each of a list."""
    data = event.data if isinstance(event.data, dict) else {}
    run = _operation(event.method, data)
    files = _Files(context, FileAccess(context), data)
    paths = data.get("path")
    if not isinstance(paths, list):
        return _run(files, run, paths, locate(context, paths))
    if "path_to" in data:
        raise ServerError("Several paths cannot go to one path_to; send one path.", status=400)
    places = [(path, locate(context, path)) for path in paths]
    return [{"path": path, "result": _run(files, run, path, place)} for path, place in places]


def _operation(method: str, data: Data) -> _Run:
    op = data.get("op")
    known = _OPS.get(op) if isinstance(op, str) else None
    if known is None or known[0] != method:
        fitting = ", ".join(name for name, (wanted, _, _) in _OPS.items() if wanted == method)
        raise ServerError(
            f"There is no file operation {op!r} with {method}; there are {fitting}.", status=400
        )
    unknown = sorted(set(data) - {"op", "path", *known[2]})
    if unknown:
        raise ServerError(f"The file operation {op!r} knows no {', '.join(map(repr, unknown))}.", status=400)
    return known[1]


def _run(files: _Files, run: _Run, path: Any, place: Place) -> Any:
    try:
        return run(files, place)
    except AccsynError:
        raise
    except (OSError, shutil.Error) as error:
        # The error's own text would tell where the sandbox keeps its files.
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ServerError(f"The file system refuses {path!r}: {reason}.", status=400) from error


OPERATIONS: Mapping[tuple[str, str], Callable[[Context, Event], Any]] = {
    (method, f"{owner}/file"): _file
    for owner in ("workspace", "organization")
    for method in ("GET", "POST", "PUT")
}
