"""Who may use what: grant, revoke and list access, as the published client does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue, MultipleFound, NotFound, ProtocolError
from ..expressions.tree import And, Comparison, Operator
from ..mapping.registry import date_attributes
from ..wire.names import check_code, check_entitytype, check_id, looks_like_id
from .answering import AnsweringSession, dated, listed, settled
from .base import remembers_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..wire.messages import Call

__all__ = ["AccessCalls"]

# What is received, and what is used (accsyn documentation, "Deliveries" and "File sharing").
_RECEIVED = frozenset({"delivery", "request", "stream", "job"})
_SHARES = frozenset({"share", "volume", "folder", "home", "collection"})
_OPTIONS = frozenset({"invite", "read", "write", "notify", "message", "path"})
_REFERENCE = re.compile(r"(?P<type>[A-Za-z]+):(?P<id>.+)\Z", re.DOTALL)
_PATH = re.compile(r"[\x00-\x1f\x7f-\x9f]|(?:\A|[/\\])\.\.(?:[/\\]|\Z)")


class AccessCalls(AnsweringSession):
    """The calls about access."""

    @remembers_errors
    def grant(
        self,
        entitytype: str,
        entityid: str,
        targettype: str,
        targetid: str,
        data: Mapping[str, Any] | None = None,
    ) -> bool | dict[str, Any]:
        """
        Let a user receive a delivery, request or stream, or use a share.

        Access that the user has to the share already is changed.

        Args:
            entitytype: `user`.
            entityid: The user's id or e-mail address; somebody who is no user yet is invited.
            targettype: `delivery`, `request` or `stream`; `volume`, `folder`, `home` or `collection`; or `job` or
                `share`, which stand for them.
            targetid: Its id; of a share, its code does too.
            data: `invite` (True): whether somebody who is no user yet is invited. For a share also `read` and
                `write`, of which one at least is true (both are, where no data is given at all); `path`, below the
                share (`/`); `notify` (True): tell the user by e-mail; `message`: what to tell.

        Returns:
            For a share, its ACL as a dictionary, or True; else True.

        Raises:
            NotFound: There is no share of that code.
            MultipleFound: The code or e-mail address is that of several.
            UnrepresentableValue: It cannot be written in a query.
        """
        targettype = _check_types("grant", entitytype, targettype)
        options = _options(data)
        invite = _flag("invite", options.get("invite", True))
        if targettype in _RECEIVED:
            target = _check_entity_id(targettype, targetid)
            return self._accepted(
                self._dialect.add_recipient(target, self._user(entityid) or entityid, invite=invite)
            )
        rights = _rights(options)
        user = self._user(entityid) or check_code(entityid)
        target = targetid if _is_id(targetid) else self._id_of(targettype, targetid)
        entry = {"entity": f"user:{user}", "target": f"share:{target}", "invite": invite, **rights}
        call = self._dialect.create_acl(entry)
        result = settled(self._result(call), call)
        if isinstance(result, list):
            if not result:
                raise ProtocolError(f"the answer to {call.uri} is empty @ $.result: the ACL was expected")
            result = result[0]
        if isinstance(result, bool):
            return result
        return dated([result], call, date_attributes("acl"))[0]

    @remembers_errors
    def access(
        self,
        targettype: str,
        targetid: str,
        entitytype: str | None = None,
        entityid: str | None = None,
        recursive: bool = False,
    ) -> list[dict[str, Any]]:
        """
        List who receives a delivery, request or stream, or who may use a share.

        Args:
            targettype: As for `grant`.
            targetid: Its id.
            entitytype: For a share: only entities of that type, such as `user`.
            entityid: For a share: only that one.
            recursive: For a share: also access to what stands below it.

        Returns:
            For a delivery, `user`, `user_hr` and `actioned` of each; for a share, `user`, `user_hr`, `share`,
            `share_hr`, `read`, `write`, `acknowledged` and `path` of each.

        Raises:
            ProtocolError: An ACL in the answer is malformed.
        """
        targettype = _check_types("access", "user", targettype)
        targetid = _check_entity_id(targettype, targetid)
        if targettype in _RECEIVED:
            return self._rows(self._dialect.recipients(targetid), "recipient")
        terms = [Comparison("target", Operator.EQ, f"share:{targetid}")]
        if entitytype is not None:
            entitytype = check_entitytype(entitytype)
            terms.append(
                Comparison("entity", Operator.LIKE, f"{entitytype}:*")
                if entityid is None
                else Comparison("entity", Operator.EQ, f"{entitytype}:{check_code(entityid)}")
            )
        elif entityid is not None:
            raise InvalidValue(f"access got entityid={entityid!r} without entitytype=: give both, or neither")
        call = self._dialect.acls(self._expression(And(tuple(terms))), recursive=recursive)
        rows = listed(self._result(call), call)
        return [_readable(row, call, f"$.result[{index}]") for index, row in enumerate(rows)]

    @remembers_errors
    def revoke(self, entitytype: str, entityid: str, targettype: str, targetid: str) -> bool:
        """
        Take a user off a delivery, request or stream, or take all access to a share away; nobody is told.

        Args:
            entitytype: `user`.
            entityid: The user's id or e-mail address.
            targettype: As for `grant`.
            targetid: Its id.

        Returns:
            Whether there was something to take away, and it was.

        Raises:
            NotFound: For a share: there is no such user.
            MultipleFound: The e-mail address is that of several users.
            ProtocolError: The server lists access of somebody else; nothing was taken away.
        """
        targettype = _check_types("revoke", entitytype, targettype)
        targetid = _check_entity_id(targettype, targetid)
        user = self._user(entityid)
        if targettype in _RECEIVED:
            return self._taken_off(targetid, user, entityid)
        if user is None:
            raise NotFound(f"there is no user with the code {entityid!r}", entity="user")
        return self._taken_away(user, targetid)

    def _taken_off(self, targetid: str, user: str | None, ident: str) -> bool:
        call = self._dialect.recipients(targetid)
        for row in dated(listed(self._result(call), call), call, frozenset()):
            named = _address(row.get("user_hr"))
            if (user is not None and row.get("user") == user) or named == ident.strip().lower():
                recipient = row.get("user") or named
                return self._accepted(self._dialect.remove_recipient(targetid, recipient))
        return False

    def _taken_away(self, user: str, targetid: str) -> bool:
        wanted = {"entity": f"user:{user}", "target": f"share:{targetid}"}
        terms = tuple(Comparison(name, Operator.EQ, value) for name, value in wanted.items())
        call = self._dialect.acls(self._expression(And(terms)))
        rows = dated(listed(self._result(call), call), call, frozenset())
        for index, row in enumerate(rows):
            for name, value in wanted.items():
                if row.get(name, value) != value:
                    raise ProtocolError(
                        f"{name} {value} was asked for, and {row[name]!r} came @ $.result[{index}].{name}: "
                        "no access was taken away",
                        uri=call.uri,
                    )
            if not isinstance(row.get("id"), str):
                raise ProtocolError(f"the answer to {call.uri} has an ACL without id @ $.result[{index}].id")
        # Each of them goes, even where the server says false to one.
        gone = [self._accepted(self._dialect.delete_acl(row["id"])) for row in rows]
        return bool(gone) and all(gone)

    def _user(self, ident: str) -> str | None:
        """Return the id of a user, by id or e-mail address; None where there is none."""
        return ident if _is_id(ident) else self._found("user", ident)

    def _id_of(self, entitytype: str, code: str) -> str:
        found = self._found(entitytype, code)
        if found is None:
            raise NotFound(f"there is no {entitytype} with the code {code!r}", entity=entitytype)
        return found

    def _found(self, entitytype: str, code: str) -> str | None:
        expression = self._expression(Comparison("code", Operator.EQ, check_code(code)))
        call = self._dialect.by_code(entitytype, expression)
        rows = dated(listed(self._result(call), call), call, frozenset())
        if len(rows) > 1:
            raise MultipleFound(f"{len(rows)} entities are a {entitytype} with the code {code!r}: give an id")
        if not rows:
            return None
        ident, known = rows[0].get("id"), rows[0].get("code", code)
        if not isinstance(ident, str) or not isinstance(known, str) or known.lower() != code.lower():
            raise ProtocolError(
                f"{entitytype} {code!r} was asked for, and id {ident!r} with the code {known!r} came @ $.result[0]"
            )
        return ident

    def _accepted(self, call: Call) -> bool:
        return bool(self._settled(call))


def _check_types(call: str, entitytype: str, targettype: str) -> str:
    if check_entitytype(entitytype) != "user":
        raise InvalidValue(
            f"{call} is about users, and not about a '{entitytype}': give 'user' and the user's id"
        )
    targettype = check_entitytype(targettype)
    if targettype not in _RECEIVED | _SHARES:
        known = ", ".join(sorted(_RECEIVED | _SHARES))
        raise InvalidValue(f"{call} is not possible for a '{targettype}': it is for {known}")
    return targettype


def _is_id(ident: Any) -> bool:
    return isinstance(ident, str) and looks_like_id(ident)


def _check_entity_id(entitytype: str, ident: Any) -> str:
    if not _is_id(ident):
        raise InvalidValue(f"{ident!r} is no id of a {entitytype}: 24 lower-case letters and digits")
    return check_id(ident)


def _options(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is granted; where nothing is said, reading and writing is."""
    if not data:
        return {"read": True, "write": True}
    unknown = sorted(str(name) for name in data if name not in _OPTIONS)
    if unknown:
        raise InvalidValue(f"grant knows no {', '.join(unknown)}: it knows {', '.join(sorted(_OPTIONS))}")
    return {name: value for name, value in data.items() if value is not None}


def _rights(options: Mapping[str, Any]) -> dict[str, Any]:
    read, write = (_flag(name, options.get(name, False)) for name in ("read", "write"))
    if not (read or write):
        raise InvalidValue("grant gives neither read nor write: set one of them, or revoke the access")
    path, message = options.get("path", "/"), options.get("message", "")
    if not isinstance(path, str) or not path.strip() or _PATH.search(path):
        raise InvalidValue(
            f"the path of a grant is {path!r}: give one below the share, without '..', such as 'in/a'"
        )
    if not isinstance(message, str):
        raise InvalidValue(f"the message of a grant is a {type(message).__name__}: give text")
    notify = _flag("notify", options.get("notify", True))
    return {"read": read, "write": write, "notify": notify, "message": message, "path": path}


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(f"{name}={value!r} does not hold: True or False")
    return value


def _address(readable: Any) -> str:
    """Return the e-mail address in `lisa@example.com` or `lisa@example.com[standard](5bfe…)`."""
    return readable.partition("[")[0].strip().lower() if isinstance(readable, str) else ""


def _readable(row: Any, call: Call, path: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ProtocolError(f"the answer to {call.uri} has a {type(row).__name__} @ {path}, not an object")
    entity, target = (_reference(row, name, call, path) for name in ("entity", "target"))
    rights = {name: _right(row, name, call, path) for name in ("read", "write")}
    return {
        "user": entity,
        "user_hr": row.get("entity_hr", ""),
        "share": target,
        "share_hr": row.get("target_hr", ""),
        **rights,
        "acknowledged": row.get("acknowledged", False),
        "path": row.get("path", "/"),
    }


def _reference(row: Mapping[str, Any], name: str, call: Call, path: str) -> str:
    value = row.get(name)
    match = _REFERENCE.match(value) if isinstance(value, str) else None
    if match is None:
        raise ProtocolError(
            f"the answer to {call.uri} has {value!r} @ {path}.{name}: a reference such as 'user:<id>' was expected"
        )
    return match["id"]


def _right(row: Mapping[str, Any], name: str, call: Call, path: str) -> bool:
    value = row.get(name)
    if not isinstance(value, bool):
        raise ProtocolError(
            f"the answer to {call.uri} has {value!r} @ {path}.{name}: true or false was expected"
        )
    return value
