r"""
Paths as accsyn writes them (accsyn documentation, "File" and "Job specification").

::

    [<party>:]<root>/<component>/…

    party   acmefilm  lisa@example.com  lisa@example.com@laptop  user=lisa@example.com  site=sthlm  client=5bfe…
    root    share=projects  volume=(default)  folder=…  home=lisa@example.com  collection=…  delivery=…
            ~  the user's own home share     /  C:\  absolute on that machine     nothing  the default volume

How `:`, `=` or a separator would be quoted is not documented, so a path that could be read as another one cannot be
made at all.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import attrs

from ..errors import InvalidValue

__all__ = ["KINDS", "AccsynPath"]

KINDS = ("share", "volume", "folder", "home", "collection", "delivery", "workarea")

_DEFAULT = "(default)"
_DRIVE = re.compile(r"(?P<drive>[A-Za-z]):(?=[\\/]|\Z)")
_NAMED = re.compile(rf"(?P<kind>{'|'.join(KINDS)})=(?P<code>[^/\\]*)", re.IGNORECASE)
_PARTY = re.compile(
    r"(?:(?:site|client|user)=[^:/\\=]+|[^:/\\=@]+@[^:/\\=@]+(?:@[^:/\\=@]+)?|[A-Za-z0-9][A-Za-z0-9_-]+)\Z"
)
_EXAMPLE = "'share=projects/thefilm'"


def _party_of(party: Any) -> str | None:
    if party is None:
        return None
    if not isinstance(party, str) or not _PARTY.match(_writable(party, "party")):
        raise InvalidValue(
            f"{party!r} is no party of a path: give a workspace code, an e-mail address, or 'site=', 'client=' or"
            " 'user=' and which"
        )
    return party


def _components(parts: Any) -> tuple[str, ...]:
    if isinstance(parts, str):
        raise InvalidValue(
            f"the parts of a path are {parts!r}: give a tuple of components, or use AccsynPath.parse"
        )
    return tuple(_component(each) for each in parts)


def _component(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise InvalidValue(f"a path cannot have {name!r} for a component: give a name that is not empty")
    if name in {".", ".."}:
        raise InvalidValue(f"a path cannot have {name!r} for a component: name the directory itself")
    if "/" in name or "\\" in name:
        raise InvalidValue(
            f"the component {name!r} of a path holds a separator: give one component at a time"
        )
    return _writable(name, "component of a path")


def _writable(text: str, what: str) -> str:
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
            raise InvalidValue(f"the {what} {text!r} holds {character!r}, which no path can")
    return text


@attrs.frozen
class AccsynPath:
    r"""
    The path of a file or directory.

        film = AccsynPath.parse("share=projects/thefilm")
        str(film / "dailies")  # share=projects/thefilm/dailies

    Args:
        kind: What the path begins at: `share` and the others of `KINDS`, with a code; `~`, the user's own home share;
            `/`; a drive, such as `C:`; or "", the default volume.
        code: Which share, volume, … it is, by code or id.
        parts: The components below it.
        party: Whose: a workspace code, an e-mail address (`@` and the name of a machine may follow), or
            `site=<code>`, `client=<id>`, `user=<e-mail>`; the main site of the workspace where not given.
        into: Whether a separator stands at the end: as a destination, it means into this directory.

    Raises:
        InvalidValue: A component is empty, `.` or `..`, or holds a separator or control character; or the path as
            it is written would be read as another one.
    """

    kind: str = ""
    code: str = ""
    parts: tuple[str, ...] = attrs.field(default=(), converter=_components)
    party: str | None = attrs.field(default=None, converter=_party_of)
    into: bool = False

    def __attrs_post_init__(self) -> None:
        _check_root(self.kind, self.code)
        if not (self.kind or self.parts):
            raise InvalidValue(f"the path names nothing: give one such as {_EXAMPLE}")
        text = str(self)
        if not self.kind and ":" in self.parts[0]:
            raise InvalidValue(f"the path {text!r} begins with a party that is none, or with half a drive")
        if _read(text) != attrs.asdict(self, recurse=False):
            raise InvalidValue(
                f"the path {text!r} would be read as another one, since nothing documents how ':' and '=' are quoted"
            )

    @classmethod
    def parse(cls, text: str) -> AccsynPath:
        """
        Read a path.

        Raises:
            InvalidValue: The text is none.
        """
        if not isinstance(text, str) or not text:
            raise InvalidValue(f"{text!r} is no path: give text such as {_EXAMPLE}")
        try:
            return cls(**_read(text))
        except InvalidValue as error:
            reason = error.message
        raise InvalidValue(f"{text!r} is no path: {reason}")

    def __str__(self) -> str:
        separator = "\\" if _DRIVE.match(self.kind) else "/"
        root = f"{self.kind}={self.code}" if self.kind in KINDS else self.kind.rstrip("/")
        steps = [root, *self.parts] if self.kind else list(self.parts)
        # A root of the machine ends in its separator even where nothing comes after it.
        closed = self.into or (not self.parts and (self.kind == "/" or separator == "\\"))
        whose = "" if self.party is None else f"{self.party}:"
        return whose + separator.join(steps) + (separator if closed else "")

    def __truediv__(self, below: str) -> AccsynPath:
        """
        Return the path of what is below.

        Args:
            below: Text, perhaps of several components.

        Raises:
            TypeError: It is no text.
        """
        if not isinstance(below, str):
            raise TypeError(f"what stands below a path is text, not {type(below).__name__}")
        into = below.endswith("/")
        return attrs.evolve(self, parts=(*self.parts, *below.removesuffix("/").split("/")), into=into)

    def child(self, name: str) -> AccsynPath:
        """Return the path of what is directly below, under one name."""
        return attrs.evolve(self, parts=(*self.parts, name), into=False)

    @property
    def name(self) -> str:
        """The last component; "" where there is none."""
        return self.parts[-1] if self.parts else ""

    @property
    def parent(self) -> AccsynPath:
        """The directory above; a root is its own."""
        if len(self.parts) == 1 and not self.kind:
            return attrs.evolve(self, kind="volume", code=_DEFAULT, parts=(), into=False)
        return attrs.evolve(self, parts=self.parts[:-1], into=False)


def _check_root(kind: Any, code: Any) -> None:
    if kind in KINDS:
        if not isinstance(code, str) or not code or code != code.strip() or set(code) & set(":/\\"):
            raise InvalidValue(f"{code!r} is no code of a {kind}: a path begins as {_EXAMPLE} does")
        _writable(code, f"code of a {kind}")
    elif kind not in {"", "~", "/"} and not (
        isinstance(kind, str) and _DRIVE.fullmatch(kind) and kind.isupper()
    ):
        raise InvalidValue(
            f"a path cannot begin at {kind!r}: {', '.join(KINDS)}, '~', '/' and 'C:' are possible"
        )


def _read(text: str) -> dict[str, Any]:
    """Return what a text says, without a look at whether it holds."""
    party, rest = _party_in(text)
    kind, code, rest = _root_in(rest)
    if _DRIVE.match(kind):
        rest = rest.replace("\\", "/")
    into = rest.endswith("/") and bool(rest.strip("/"))
    rest = rest.removesuffix("/") if into else rest
    if kind and rest.startswith("/"):
        rest = rest[1:]
        # Of a share it is said whether a separator stands behind it; a root of the machine always has one.
        into = into or (not rest and kind != "/" and not _DRIVE.match(kind))
    parts = tuple(rest.split("/")) if rest else ()
    return {"kind": kind, "code": code, "parts": parts, "party": party, "into": into}


def _party_in(text: str) -> tuple[str | None, str]:
    head, colon, rest = text.partition(":")
    if not colon or _DRIVE.match(text) or not _PARTY.match(head):
        return None, text
    return head, rest


def _root_in(text: str) -> tuple[str, str, str]:
    """Return the kind and the code that a path begins with, and what is left."""
    drive = _DRIVE.match(text)
    if drive is not None:
        return f"{drive['drive'].upper()}:", "", text[drive.end() :]
    named = _NAMED.match(text)
    if named is not None:
        return named["kind"].lower(), named["code"], text[named.end() :]
    if text.startswith("/"):
        return "/", "", text
    if text == "~" or text.startswith("~/"):
        return "~", "", text[1:]
    return "", "", text
