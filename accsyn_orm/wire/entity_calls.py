"""The calls about entities, as today's generation says them: list, read, create, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue
from .messages import Call
from .names import check_code, check_count, check_entitytype, check_id, looks_like_id
from .payloads import create_payload, object_payload, task_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EntityCalls"]


class EntityCalls:
    """
    Build the calls about entities.

    Calls are pure: every method checks its arguments, touches nothing else, and returns a value.
    """

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
        single: bool = False,
    ) -> Call:
        """
        List entities.

        Args:
            entitytype: Such as `job`.
            expression: The text after WHERE.
            parent: The id of the entity that tasks or files belong to.
            finished: Search among finished jobs.
            inactive: Search among deactivated entities.
            archived: Search among archived entities.
            limit: The most rows to answer, from 1.
            skip: The rows to leave out first; 0 is not sent.
            attributes: The attributes to answer; all of them where not given.
            single: Say that one entity is looked for, which makes the server less strict about scopes.
        """
        entitytype = check_entitytype(entitytype)
        scopes = {"finished": finished, "inactive": inactive, "archived": archived}
        data: dict[str, Any] = {"parent": check_id(parent, "parent id")} if parent is not None else {}
        data.update((name, _flag(name, flag)) for name, flag in scopes.items() if flag is not None)
        if limit is not None:
            data["limit"] = check_count("limit", limit, 1)
        if skip is not None and check_count("skip", skip, 0):
            data["skip"] = skip
        if attributes is not None:
            data["attributes"] = _names(attributes)
        if single:
            data["single_entity_query"] = True
        return Call("GET", f"{entitytype}/find", query=expression or None, data=data, entity=entitytype)

    def entity(
        self,
        entitytype: str,
        entityid: str,
        *,
        parent: str | None = None,  # noqa: ARG002 - the generations before v3.2 need it
    ) -> Call:
        """
        Read one entity by id, whatever its scope.

        Args:
            entitytype: Such as `job`.
            entityid: Its id.
            parent: The job that a task belongs to, where it is known.
        """
        entitytype, entityid = check_entitytype(entitytype), check_id(entityid)
        return Call("GET", f"{entitytype}/find", id=entityid, entity=f"{entitytype}:{entityid}")

    def entitytypes(self) -> Call:
        """List the names of the entity types."""
        return Call("GET", "entitytypes")

    def attributes(self, entitytype: str, *, create: bool = False, update: bool = False) -> Call:
        """List the attributes of an entity type: all, or those that a create or an update takes."""
        entitytype = check_entitytype(entitytype)
        data = {
            "entitytype": entitytype,
            "create": _flag("create", create),
            "update": _flag("update", update),
        }
        return Call("GET", "attributes", data=data, entity=entitytype)

    def create(
        self,
        entitytype: str,
        data: Any,
        *,
        id: str | None = None,  # noqa: A002 - the wire's own name
        allow_duplicates: bool | None = None,
        replace_duplicates: bool | None = None,
    ) -> Call:
        """
        Create an entity, or add files to a collection.

        Args:
            entitytype: Such as `job`.
            data: A dictionary, a list of tasks, or either as JSON text.
            id: The parent, for tasks and files.
            allow_duplicates: For jobs and tasks: let a task stand twice.
            replace_duplicates: For jobs and tasks: replace a task that stands already.
        """
        entitytype = check_entitytype(entitytype)
        parent = None if id is None else check_id(id, "parent id")
        payload = create_payload(
            entitytype, data, allow_duplicates=allow_duplicates, replace_duplicates=replace_duplicates
        )
        uri = "file/add" if entitytype == "file" else f"{entitytype}/create"
        return Call("POST", uri, id=parent, data=payload, entity=entitytype)

    def update(self, entitytype: str, entityid: str, data: Any) -> Call:
        """Change attributes of one entity."""
        entitytype, entityid = check_entitytype(entitytype), check_id(entityid)
        if entitytype == "acl":
            raise InvalidValue("an acl cannot be updated: the server changes access by grant and revoke only")
        payload = object_payload(data, f"update('{entitytype}')")
        return Call("PUT", f"{entitytype}/edit", id=entityid, data=payload, entity=f"{entitytype}:{entityid}")

    def update_many(self, entitytype: str, entityid: str, changes: Any) -> Call:
        """Change several tasks of one job; each change names its task by id or uri."""
        entitytype, entityid = check_entitytype(entitytype), check_id(entityid, "parent id")
        if entitytype != "task":
            raise InvalidValue(
                f"update_many('{entitytype}') is not possible: only tasks can be updated together"
            )
        return Call("PUT", "task/edit", id=entityid, data=task_changes(changes), entity=f"task of {entityid}")

    def delete(self, entitytype: str, entityid: str, data: Any = None) -> Call:
        """Delete one entity; data may carry options such as `{"force": True}`."""
        entitytype, entityid = check_entitytype(entitytype), check_id(entityid)
        if entitytype == "acl":
            raise InvalidValue("an acl cannot be deleted: the server takes access away by revoke only")
        if entitytype == "task":
            raise InvalidValue(
                "a task cannot be deleted: the server keeps it; set its status to 'excluded' instead"
            )
        if data is not None and not isinstance(data, dict):
            raise InvalidValue(
                f"data for delete is a {type(data).__name__}: give a dictionary of options, or None"
            )
        options = None if data is None else dict(data)
        return Call(
            "DELETE", f"{entitytype}/delete", id=entityid, data=options, entity=f"{entitytype}:{entityid}"
        )

    def deactivate(self, entitytype: str, entityid: str) -> Call:
        """Take an entity out of use and keep it."""
        entitytype, entityid = check_entitytype(entitytype), check_id(entityid)
        return Call("DELETE", f"{entitytype}/deactivate", id=entityid, entity=f"{entitytype}:{entityid}")

    def activate(self, entitytype: str, ident: str) -> Call:
        """Bring an entity back into use, by id or by code."""
        entitytype, ident = check_entitytype(entitytype), check_code(ident)
        by_id = looks_like_id(ident)
        return Call(
            "POST",
            f"{entitytype}/activate",
            id=ident if by_id else None,
            query=None if by_id else ident,
            entity=f"{entitytype}:{ident}",
        )


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(f"{name}={value!r} does not hold: True or False")
    return value


def _names(attributes: Any) -> list[str]:
    if isinstance(attributes, str) or not all(isinstance(name, str) and name for name in attributes):
        raise InvalidValue(
            f"attributes={attributes!r} does not hold: a list of names, such as ['id', 'status']"
        )
    return list(attributes)
