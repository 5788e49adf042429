r"""
Where a path of a file operation is: which volume, and which parts below it.

The notations are those of the accsyn documentation (job specification, file operations): `volume=`, `share=`,
`folder=`, `home=`, `collection=` and `delivery=` with a code or an id, `~` for one's own home, an absolute path of
the operating system as a volume's `paths` name it (`/mnt/projects/x`, `P:\x`), and anything else on the default volume.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import PermissionDenied, ServerError
from .catalogue import GENERIC
from .disk import parts_of

if TYPE_CHECKING:
    from .context import Context
    from .store import Row

__all__ = ["Contents", "Location", "locate", "root_of"]

_SHARES = GENERIC["share"]
_NOTATIONS: dict[str, tuple[str, ...]] = {
    "volume": ("volume",),
    "share": _SHARES,
    "folder": ("folder",),
    "workarea": ("folder",),
    "home": ("home",),
    "collection": ("collection",),
    "delivery": ("delivery", "request", "stream"),
}
_NOTATION = re.compile(r"(?P<kind>[A-Za-z]+)=(?P<code>[^/\\:]*)[/\\:]?(?P<rest>.*)", re.DOTALL)
_ABSOLUTE = re.compile(r"[\\/]|[A-Za-z]:([\\/]|$)")
_OUT_OF_USE = frozenset({"disabled", "offline", "disabled-offline"})


@attrs.frozen
class Location:
    """
    A path on a volume.

    Args:
        text: As the client wrote it.
        volume: The volume.
        parts: The parts of the path below it.
        root: How many of them are the root of the share that was named.
        within: The collection through which it was reached.
        into: Whether it ends in a separator, which on a destination means "into this folder".
    """

    text: str
    volume: Row
    parts: tuple[str, ...]
    root: int = 0
    within: Row | None = None
    into: bool = False


@attrs.frozen
class Contents:
    """A collection or a delivery itself: its files are listed one by one, and lie wherever they lie."""

    text: str
    owner: Row


@attrs.frozen
class _Listed:
    """Something in a collection or in a delivery, before its list is looked at."""

    text: str
    owner: Row
    parts: tuple[str, ...]
    into: bool


def locate(context: Context, text: Any) -> Location | Contents:
    """
    Read a path.

    Raises:
        ServerError: It is no path, or what it names does not exist or is out of use.
        PermissionDenied: It is on somebody's machine.
    """
    found = _read(context, text)
    return found if isinstance(found, Location) else _in_contents(context, found)


def _read(context: Context, text: Any) -> Location | _Listed:
    if not isinstance(text, str) or not text.strip():
        raise ServerError(f"A path is a text such as 'share=projects/folder/file', not {text!r}.", status=400)
    path = _without_party(context, text)
    into = path.endswith(("/", "\\"))
    if path == "~" or path.startswith(("~/", "~\\")):
        return _in_share(context, text, _own_home(context, text), path[1:], into)
    if _ABSOLUTE.match(path):
        return _absolute(context, text, path, into)
    named = _NOTATION.fullmatch(path)
    if named is None or named["kind"].lower() not in _NOTATIONS:
        return _in_share(context, text, _default_volume(context, text), path, into)
    owner = _named(context, text, named["kind"].lower(), named["code"])
    if owner.type in {"collection", *_NOTATIONS["delivery"]}:
        _check_in_use(context, owner)
        return _Listed(text, owner, parts_of(named["rest"]), into)
    return _in_share(context, text, owner, named["rest"], into)


def _without_party(context: Context, text: str) -> str:
    """Take `<party>:` away where it is the main site or the workspace; files are nowhere else."""
    party, colon, path = text.partition(":")
    kind, equals, code = party.partition("=")
    named = kind.lower() in {"site", "user", "client"} if equals else "/" not in party and "\\" not in party
    if not colon or not named or _ABSOLUTE.match(text):
        return text
    site = context.store.resolve(["workspace", "site"], code if equals else party)
    if site is not None and (site.type == "workspace" or site.document.get("main")):
        return path
    if site is None and not equals and "@" not in party:
        return text
    raise PermissionDenied(
        f"{text!r} is on {party!r}; file operations reach the volumes of the main site only.", status=403
    )


def _own_home(context: Context, text: str) -> Row:
    home = _home_of(context, context.me)
    if home is None:
        raise ServerError(f"{context.email} has no home share, so {text!r} is nowhere.", status=404)
    return home


def _home_of(context: Context, user: Row) -> Row | None:
    return next((row for row in context.store.rows(["home"]) if row.document.get("user") == user.id), None)


def _default_volume(context: Context, text: str) -> Row:
    volume = context.only("volume", "default")
    if volume is None:
        raise ServerError(f"There is no default volume for {text!r}; name a share.", status=404)
    return volume


def _named(context: Context, text: str, kind: str, code: str) -> Row:
    if code == "(default)" and kind in {"volume", "share"}:
        return _default_volume(context, text)
    user = context.store.resolve(["user"], code) if kind == "home" and code else None
    found = None if user is None else _home_of(context, user)
    found = found or (context.store.resolve(_NOTATIONS[kind], code) if code else None)
    if found is None:
        raise ServerError(
            f"There is no {kind} {code!r} for the path {text!r}; name one by code or id.", status=404
        )
    return found


def root_of(context: Context, share: Row) -> tuple[Row, tuple[str, ...]] | None:
    """Return the volume of a share and the parts of the share's own folder; None where it has none."""
    if share.type == "volume":
        return share, ()
    volume = context.store.get(share.document.get("parent"))
    if volume is None or volume.type != "volume":
        return None
    try:
        return volume, parts_of(share.document.get("path") or share.document.get("name") or "")
    except ServerError:
        # A path that climbs is no folder of the volume.
        return None


def _in_share(context: Context, text: str, share: Row, rest: str, into: bool) -> Location:
    root = root_of(context, share)
    if root is None:
        raise ServerError(
            f"The {share.type} {share.document.get('code')!r} of {text!r} has no folder on a volume; "
            f"its path is {share.document.get('path')!r}.",
            status=404,
        )
    volume, parts = root
    for each in (share, volume):
        _check_in_use(context, each)
    return Location(text, volume, (*parts, *parts_of(rest)), len(parts), None, into)


def _check_in_use(context: Context, share: Row) -> None:
    name = f"The {share.type} {share.document.get('code')!r}"
    if share.document.get("inactive"):
        raise ServerError(f"{name} is deactivated; activate it to use its files.", status=400)
    if share.document.get("status") in _OUT_OF_USE:
        raise ServerError(f"{name} is {share.document['status']}; enable it to use its files.", status=400)
    server = context.store.get(share.document.get("server"))
    if server is not None and server.document.get("status") != "online":
        raise ServerError(
            f"The server {server.document.get('code')!r} of {name} is {server.document.get('status')}, "
            f"so that its files cannot be reached.",
            status=400,
        )


def _absolute(context: Context, text: str, path: str, into: bool) -> Location:
    """Find the volume whose configured paths an absolute path is below; the longest one decides."""
    plain = path.replace("\\", "/")
    best: tuple[int, Row, str] | None = None
    for volume in context.store.rows(["volume"]):
        configured = volume.document.get("paths") or {}
        for root in {volume.document.get("path"), *configured.values()}:
            rest = _below(plain, root) if isinstance(root, str) else None
            if rest is not None and (best is None or len(root) > best[0]):
                best = (len(root), volume, rest)
    if best is None:
        raise ServerError(
            f"No volume has a path that {text!r} is below; write it relative to a share, such as 'share=code/path'.",
            status=404,
        )
    return _in_share(context, text, best[1], best[2], into)


def _below(path: str, root: str) -> str | None:
    """Return what of a path is below a root; a path of Windows ignores case."""
    folded = root.replace("\\", "/").rstrip("/")
    if not folded:
        return None
    windows = "\\" in root or root[1:2] == ":"
    start = path[: len(folded)]
    same = start.lower() == folded.lower() if windows else start == folded
    rest = path[len(folded) :]
    return rest if same and (not rest or rest.startswith("/")) else None


def _in_contents(context: Context, listed: _Listed) -> Location | Contents:
    """Find what is below a collection: its first part is the name of a file of it."""
    text, owner, parts = listed.text, listed.owner, listed.parts
    if not parts:
        return Contents(text, owner)
    item = next(
        (row for row in context.store.children(owner.id, "file") if row.document.get("name") == parts[0]),
        None,
    )
    if item is None:
        raise ServerError(
            f"The {owner.type} {owner.document.get('code')!r} has no file {parts[0]!r}.", status=404
        )
    target = _read(context, item.document["path"])
    if not isinstance(target, Location):
        raise ServerError(
            f"The file {parts[0]!r} of {text!r} is a collection or a delivery itself.", status=400
        )
    return attrs.evolve(
        target,
        text=text,
        parts=(*target.parts, *parts[1:]),
        root=len(target.parts),
        within=owner,
        into=listed.into,
    )
