"""
Who may see and use what: the operations on access to shares, on recipients and on servers of volumes.

Access is given by granting it and taken away by revoking it; its entries are not edited (accsyn documentation, file
sharing: the entity is not exposed).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import ServerError
from . import assignments, changing, recipients
from .catalogue import GENERIC, TYPES
from .grants import check_granting, put_grant, rights_of
from .invitations import enabled, user_named
from .mails import post
from .references import rendered
from .rules import check_write, denied, may_write
from .schema import types_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .context import Context
    from .messages import Event
    from .store import Row

__all__ = ["OPERATIONS"]

_TAKEN = frozenset({"entity", "ident", "target", "invite", "read", "write", "notify", "message", "path"})


def _grant(context: Context, event: Event) -> list[Any]:
    """Let a user use a share: the new entry is answered, or true where one was changed."""
    data = event.data
    if not isinstance(data, dict) or not data.keys() <= _TAKEN:
        raise ServerError(f"A grant is an object of {', '.join(sorted(_TAKEN))}, not {data!r}.", status=400)
    share, rights = _share(context, data.get("target")), rights_of(data)
    inviting, notify, message = (
        _typed(data, name, kind, other)
        for name, kind, other in (("invite", bool, False), ("notify", bool, True), ("message", str, ""))
    )
    check_granting(context, share, rights)
    # Earlier generations called it `ident`.
    name = data.get("entity", data.get("ident"))
    user = user_named(context, _without_type(name), inviting=inviting, message=message)
    acl, new = put_grant(context, user, enabled(context, share), rights)
    if notify:
        post(context, user.document["code"], "access", share, message)
    return [rendered(context.store, TYPES["acl"], acl, None) if new else True]


def _typed(data: Mapping[str, Any], name: str, kind: type, other: Any) -> Any:
    value = data.get(name)
    if value is None:
        return other
    if not isinstance(value, kind):
        raise ServerError(f"{name!r} of a grant is a {kind.__name__}, not {value!r}.", status=400)
    return value


def _without_type(name: Any) -> Any:
    kind, colon, rest = name.partition(":") if isinstance(name, str) else ("", "", "")
    if colon and kind.lower() != "user":
        raise ServerError(
            f"Access is granted to users, not to {name!r}; write 'user:<id or e-mail>'.", status=400
        )
    return rest if colon else name


def _share(context: Context, name: Any) -> Row:
    kind, colon, rest = name.partition(":") if isinstance(name, str) else ("", "", "")
    fits = kind.lower() in {"share", *GENERIC["share"]}
    row = (
        context.store.resolve([each.name for each in types_of(kind)], rest)
        if colon and fits and rest
        else None
    )
    if row is None:
        raise ServerError(f"There is no share {name!r} to grant access to; write 'share:<id>'.", status=404)
    return row


def _revoke(context: Context, event: Event) -> bool:
    acl = changing.require(context, (TYPES["acl"],), event.id)
    own = acl.document.get("entity") == f"user:{context.me.id}"
    share = context.store.get(str(acl.document.get("target")).rpartition(":")[2])
    check_write(context, acl, "revoke")
    if not own and share is not None and not may_write(context, share):
        raise denied(context, f"revoke access to this {share.type}", f"it may not change that {share.type}")
    context.store.remove(acl.id)
    return True


def _edit_acl(_context: Context, event: Event) -> NoReturn:
    raise ServerError(
        f"The access {event.id!r} is not edited; grant it again (acl/create) to change it, or revoke it.",
        status=400,
    )


def _edit_share(context: Context, event: Event) -> list[Any]:
    data = event.data
    if isinstance(data, dict) and not data.keys().isdisjoint(assignments.SWITCHES):
        row = assignments.edit_servers(context, event.id, data)
    else:
        row = changing.edit(context, changing.require(context, types_of("share"), event.id), data)
    return [rendered(context.store, TYPES[row.type], row, None)]


OPERATIONS: Mapping[tuple[str, str], Callable[[Context, Event], Any]] = {
    ("POST", "acl/create"): _grant,
    ("PUT", "acl/edit"): _edit_acl,
    ("DELETE", "acl/delete"): _revoke,
    ("PUT", "share/edit"): _edit_share,
    **recipients.OPERATIONS,
    **assignments.OPERATIONS,
}
