"""The calls of the generations before v3.2: the same operations under other uris and in other shapes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import InvalidValue, UnsupportedByDialect
from .dialects import V3
from .messages import Call
from .names import check_entitytype, check_id
from .payloads import create_payload, object_payload

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EarlierGeneration"]

# Queues and transfers are both jobs, told apart by a number.
_JOB_TYPES = {"job": 1, "transfer": 1, "queue": 2}
_SHARES = frozenset({"share", "volume", "folder", "home", "collection"})
_WITH_DUPLICATES = frozenset({"job", "task"})
# Types of their own since v3.2.
_NEWER = frozenset({"compute", "delivery", "request", "stream", "file", "engine"})


class EarlierGeneration(V3):
    """
    Build the calls as the clients before 3.2 do (measured from accsyn-python-api 2.2.1, 3.0.3 and 3.1.0).

    What these generations have no operation for is refused before anything is sent.
    """

    query_language = "2021"
    site_uri = "site"

    def _now(self) -> str:
        # Local time, without a zone, as in these clients; today it is UTC.
        now = datetime.now(timezone.utc).astimezone()
        return now.replace(tzinfo=None, microsecond=0).isoformat()

    # What is addressed

    def uri_of(self, entitytype: str) -> str:
        """
        Return what the uris of an entity type begin with.

        Raises:
            UnsupportedByDialect: This generation does not have the type.
        """
        if entitytype in _NEWER:
            raise self._unsupported(f"entities of the type '{entitytype}'")
        if entitytype in _JOB_TYPES:
            return "job"
        known = {"task": "job/task", "site": self.site_uri, "workspace": self.workspace_uri}
        return known.get(entitytype, entitytype)

    def _unsupported(self, what: str) -> UnsupportedByDialect:
        return UnsupportedByDialect(
            f"{what} cannot be had by {self.name}: that takes v3.2 or later, which protocol='v3' and an API key speak"
        )

    # Reading

    def find(
        self,
        entitytype: str,
        expression: str | None = None,
        *,
        parent: str | None = None,
        finished: bool | None = None,
        inactive: bool | None = None,
        archived: bool | None = None,
        limit: int | None = None,
        skip: int | None = None,
        attributes: Sequence[str] | None = None,
        single: bool = False,  # noqa: ARG002 - these generations do not say it
    ) -> Call:
        """List entities; jobs and queues by their number, tasks by the id of their job in the query."""
        entitytype = check_entitytype(entitytype)
        uri = self.uri_of(entitytype)
        if parent is not None:
            expression = self._within(entitytype, check_id(parent, "parent id"), expression)
        call = super().find(
            entitytype,
            expression,
            finished=finished,
            inactive=inactive,
            archived=archived,
            limit=limit,
            skip=skip,
            attributes=attributes,
        )
        data = {"offline" if name == "inactive" else name: value for name, value in call.data.items()}
        return attrs.evolve(call, uri=f"{uri}/find", data={**_number(entitytype), **data})

    def _within(self, entitytype: str, parent: str, expression: str | None) -> str:
        if entitytype != "task":
            raise self._unsupported(f"'{entitytype}' below a parent")
        return f"job.id={parent} AND ({expression})" if expression else f"job.id={parent}"

    def entity(self, entitytype: str, entityid: str, *, parent: str | None = None) -> Call:
        """
        Read one entity by id, in one scope after the other: a find by id alone looks among active ones only.

        Args:
            entitytype: Such as `job`.
            entityid: Its id.
            parent: The job that a task belongs to.
        """
        entitytype, entityid = check_entitytype(entitytype), check_id(entityid)
        call: Call | None = None
        for scope in reversed(_scopes(entitytype)):
            one = self.find(entitytype, f"id={entityid}", parent=parent, **scope)
            call = attrs.evolve(one, entity=f"{entitytype}:{entityid}", otherwise=call)
        if call is None:
            raise InvalidValue(f"{entitytype} has no scope to look in")
        return call

    def attributes(self, entitytype: str, *, create: bool = False, update: bool = False) -> Call:
        """List the attributes of an entity type: all, or those that a create or an update takes."""
        entitytype = check_entitytype(entitytype)
        self.uri_of(entitytype)
        return super().attributes(
            "job" if entitytype == "transfer" else entitytype, create=create, update=update
        )

    # Writing

    def create(
        self,
        entitytype: str,
        data: Any,
        *,
        id: str | None = None,  # noqa: A002 - the wire's own name
        allow_duplicates: bool | None = None,
        replace_duplicates: bool | None = None,
    ) -> Call:
        """Create an entity; the parent travels as the query, and duplicates are allowed unless it is said."""
        entitytype = check_entitytype(entitytype)
        uri = self.uri_of(entitytype)
        if replace_duplicates is not None:
            raise self._unsupported("replace_duplicates")
        parent = None if id is None else check_id(id, "parent id")
        shape = "job" if entitytype == "transfer" else entitytype
        allowed = True if allow_duplicates is None else allow_duplicates
        payload = create_payload(shape, data, allow_duplicates=allowed if shape in _WITH_DUPLICATES else None)
        if entitytype == "queue":
            payload.update(_number(entitytype))
        return Call("POST", f"{uri}/create", query=parent, data=payload, entity=entitytype)

    def update(self, entitytype: str, entityid: str, data: Any) -> Call:
        """Change attributes of one entity; an acl can be changed here."""
        entitytype, entityid = check_entitytype(entitytype), check_id(entityid)
        uri = self.uri_of(entitytype)
        payload = object_payload(data, f"update('{entitytype}')")
        return Call("PUT", f"{uri}/edit", id=entityid, data=payload, entity=f"{entitytype}:{entityid}")

    def update_many(self, entitytype: str, entityid: str, changes: Any) -> Call:
        """Change several tasks of one job; each change names its task by id or uri."""
        call = super().update_many(entitytype, entityid, changes)
        return attrs.evolve(call, uri=f"{self.uri_of('task')}/edit")

    def delete(self, entitytype: str, entityid: str, data: Any = None) -> Call:
        """Delete one entity; there are no options, and an acl can be deleted here."""
        if data:
            raise self._unsupported("options for delete")
        entitytype = check_entitytype(entitytype)
        if entitytype == "task":
            return super().delete(entitytype, entityid)
        uri, entityid = self.uri_of(entitytype), check_id(entityid)
        return Call("DELETE", f"{uri}/delete", id=entityid, entity=f"{entitytype}:{entityid}")

    def deactivate(self, entitytype: str, entityid: str) -> Call:
        """Take a user or a share out of use and keep it."""
        entitytype = check_entitytype(entitytype)
        if entitytype != "user" and entitytype not in _SHARES:
            raise self._unsupported(f"deactivating a '{entitytype}'")
        call = super().deactivate(entitytype, entityid)
        return attrs.evolve(call, uri=f"{self.uri_of(entitytype)}/offline")

    def activate(self, entitytype: str, ident: str) -> Call:
        """Refuse: what was deactivated comes back in the web application only."""
        raise self._unsupported(f"activating the {check_entitytype(entitytype)} '{ident}'")


def _number(entitytype: str) -> dict[str, int]:
    return {"type": _JOB_TYPES[entitytype]} if entitytype in _JOB_TYPES else {}


def _scopes(entitytype: str) -> tuple[dict[str, Any], ...]:
    if entitytype in {"job", "transfer"}:
        return {}, {"finished": True}, {"archived": True}
    if entitytype == "user" or entitytype in _SHARES:
        return {}, {"inactive": True}, {"archived": True}
    return ({},)
