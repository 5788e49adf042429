"""Dictionaries in and out: the calls of the published client, by its names and in its order of parameters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, overload

from ..errors import InvalidValue, ProtocolError
from ..mapping.registry import date_attributes
from ..wire import codec
from .access import AccessCalls
from .answering import AnsweringSession, dated, first, listed, settled
from .base import remembers_errors
from .constants import DEFAULT_CONNECT_TIMEOUT, DEFAULT_TIMEOUT
from .earlier_orders import (
    find_arguments,
    find_one_arguments,
    in_earlier_orders,
    renamed,
    update_many_arguments,
)
from .files import FileCalls
from .services import ServiceCalls
from .settings import SettingCalls
from .shares import ShareCalls
from .statements import Statement, attributes_of, literal, parse_statement

if TYPE_CHECKING:
    import builtins
    from collections.abc import Mapping, Sequence

    from ..wire.messages import Call

__all__ = ["DictionaryCalls"]


class _DeprecatedNames(AnsweringSession):
    """Names that the published client keeps from earlier days; apart, so that `str` hides no type below."""

    @staticmethod
    def str(d: object, indent: int = 4) -> builtins.str:
        """Write a dictionary as JSON text. Deprecated, as in the published client: use `dump`."""
        return _written(d, indent)


class DictionaryCalls(AccessCalls, ShareCalls, FileCalls, SettingCalls, ServiceCalls, _DeprecatedNames):
    """
    A session whose calls take and return dictionaries.

    Each call also takes its arguments in the order, and by the names, that the clients 1.x and 2.x have for them,
    where they can be told apart from today's.
    """

    # Seconds that the clients 2.x wait where nothing is given.
    DEFAULT_TIMEOUT = DEFAULT_TIMEOUT
    DEFAULT_CONNECT_TIMEOUT = DEFAULT_CONNECT_TIMEOUT

    # Reading

    @overload
    def find(
        self,
        /,
        query: str,
        entityid: str | None = ...,
        attributes: Sequence[str] | None = ...,
        finished: bool | None = ...,
        inactive: bool | None = ...,
        offline: bool | None = ...,
        archived: bool | None = ...,
        limit: int | None = ...,
        skip: int | None = ...,
        create: bool = ...,
        update: bool = ...,
        single_entity_query: Literal[False] = ...,
    ) -> list[Any]: ...

    @overload
    def find(
        self,
        /,
        query: str,
        entityid: str | None = ...,
        attributes: Sequence[str] | None = ...,
        finished: bool | None = ...,
        inactive: bool | None = ...,
        offline: bool | None = ...,
        archived: bool | None = ...,
        limit: int | None = ...,
        skip: int | None = ...,
        create: bool = ...,
        update: bool = ...,
        *,
        single_entity_query: bool,
    ) -> Any: ...

    @remembers_errors
    @in_earlier_orders(find_arguments)
    def find(
        self,
        query: str,
        entityid: str | None = None,
        attributes: Sequence[str] | None = None,
        finished: bool | None = None,
        inactive: bool | None = None,
        offline: bool | None = None,
        archived: bool | None = None,
        limit: int | None = None,
        skip: int | None = None,
        create: bool = False,
        update: bool = False,
        single_entity_query: bool = False,
    ) -> Any:
        """
        List what a query describes.

        Args:
            query: `type` or `type WHERE expression`; `entitytypes`; or `attributes WHERE entitytype=type`.
            entityid: The id of the parent, for tasks and files.
            attributes: The attributes to return; all of them where not given.
            finished: Search among finished and aborted jobs.
            inactive: Search among deactivated entities.
            offline: The old name of `inactive`.
            archived: Search among archived entities.
            limit: The most entities to return, from 1.
            skip: How many entities to leave out first.
            create: For `attributes`: those that can be given on create.
            update: For `attributes`: those that can be changed.
            single_entity_query: Say that one entity is looked for, and return it or None.

        Returns:
            A list of dictionaries; of names, for `entitytypes` and `attributes`; a dictionary or None, for a
            single entity.

        Raises:
            QueryError: The query has another form.
            AccsynError: As `accsyn_orm.wire.connection.Connection.call`.
        """
        statement = parse_statement(query)
        listing = self._listing(statement, create=create, update=update)
        if listing is not None:
            return listed(self._result(listing), listing)
        call = self._dialect.find(
            statement.entitytype,
            statement.expression,
            parent=entityid,
            finished=finished,
            inactive=_inactive(inactive, offline),
            archived=archived,
            limit=limit,
            skip=skip,
            attributes=attributes,
            single=single_entity_query,
        )
        rows = self._rows(call, statement.entitytype)
        return first(rows) if single_entity_query else rows

    @remembers_errors
    @in_earlier_orders(find_one_arguments)
    def find_one(
        self,
        query: str,
        entityid: str | None = None,
        attributes: Sequence[str] | None = None,
        finished: bool | None = None,
        inactive: bool | None = None,
        offline: bool | None = None,
        archived: bool | None = None,
    ) -> Any:
        """
        Return one entity. The parameters are those of `find`.

        `find_one("User")` returns the profile of the user who is signed in.

        Returns:
            A dictionary, or None where nothing matches.
        """
        statement = parse_statement(query)
        listing = self._listing(statement)
        if listing is not None:
            return first(listed(self._result(listing), listing))
        expression = statement.expression
        if expression is None and statement.entitytype == "user":
            expression = f"code={literal(self.username)}"
        call = self._dialect.find(
            statement.entitytype,
            expression,
            parent=entityid,
            finished=finished,
            inactive=_inactive(inactive, offline),
            archived=archived,
            limit=1,
            attributes=attributes,
            single=True,
        )
        return first(self._rows(call, statement.entitytype))

    @remembers_errors
    def get_entity(self, entitytype: str, entityid: str) -> dict[str, Any] | None:
        """
        Return an entity by its id, finished, deactivated or archived ones too; None where there is none.

        Raises:
            ProtocolError: The server answers with another entity.
        """
        row: dict[str, Any] | None = first(self._rows(self._dialect.entity(entitytype, entityid), entitytype))
        if row is not None and row.get("id", entityid) != entityid:
            raise ProtocolError(
                f"{entitytype} {entityid} was asked for, and {row['id']!r} came @ $.result[0].id"
            )
        return row

    # Writing

    @remembers_errors
    @in_earlier_orders(renamed(entitytype_id="entityid"))
    def create(
        self,
        entitytype: str,
        data: str | Mapping[str, Any] | Sequence[Any],
        entityid: str | None = None,
        allow_duplicates: bool | None = None,
        replace_duplicates: bool | None = None,
    ) -> Any:
        """
        Create an entity.

        Args:
            entitytype: Its type, such as `Job`.
            data: A dictionary, a list of tasks, or either as JSON text. A text is never taken for a path.
            entityid: The id of the parent, for tasks and files.
            allow_duplicates: For jobs and tasks: let a task stand twice.
            replace_duplicates: For jobs and tasks: put a task in the place of one that stands already.

        Returns:
            The entity as a dictionary; a list, where several were created.
        """
        call = self._dialect.create(
            entitytype,
            data,
            id=entityid,
            allow_duplicates=allow_duplicates,
            replace_duplicates=replace_duplicates,
        )
        document = self._call(call)
        # Some creates answer without a result, such as {"success": true}: that document is the answer then.
        created = document.get("result", document)
        names = date_attributes(entitytype.lower())
        if isinstance(created, list):
            rows = dated(created, call, names)
            return rows[0] if len(rows) == 1 else rows
        return dated([created], call, names)[0] if isinstance(created, dict) else settled(created, call)

    @remembers_errors
    def update(self, entitytype: str, entityid: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """
        Change an entity.

        Args:
            entitytype: Its type.
            entityid: Its id.
            data: The attributes to change.

        Returns:
            The entity as it is now.
        """
        call = self._dialect.update(entitytype, entityid, data)
        rows = self._rows(call, entitytype)
        if not rows:
            raise ProtocolError(
                f"the answer to {call.uri} is empty @ $.result: the changed entity was expected"
            )
        return rows[0]

    @remembers_errors
    def update_one(self, entitytype: str, entityid: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """Change an entity. Deprecated, as in the published client: use `update`."""
        return self.update(entitytype, entityid, data)

    @remembers_errors
    @in_earlier_orders(update_many_arguments)
    def update_many(
        self, entitytype: str, entityid: str, data: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]] | None:
        """
        Change several tasks of a job.

        Args:
            entitytype: `task`.
            entityid: The id of the job.
            data: A dictionary for each task: its `id` or `uri`, and the attributes to change.

        Returns:
            The tasks as they are now.
        """
        return self._rows(self._dialect.update_many(entitytype, entityid, data), entitytype)

    @remembers_errors
    def delete_one(self, entitytype: str, entityid: str, data: Mapping[str, Any] | None = None) -> bool:
        """
        Delete an entity.

        Args:
            entitytype: Its type.
            entityid: Its id.
            data: Options, such as `{"force": True}`.

        Returns:
            True.
        """
        done: bool = self._settled(self._dialect.delete(entitytype, entityid, data))
        return done

    @remembers_errors
    def deactivate_one(self, entitytype: str, entityid: str) -> bool:
        """Take an entity out of use and keep it; returns True."""
        done: bool = self._settled(self._dialect.deactivate(entitytype, entityid))
        return done

    @remembers_errors
    def offline_one(self, entitytype: str, entityid: str) -> bool:
        """Take an entity out of use. Deprecated, as in the published client: use `deactivate_one`."""
        return self.deactivate_one(entitytype, entityid)

    @remembers_errors
    def activate_one(self, entitytype: str, entityident: str) -> bool:
        """Bring an entity back into use, by id or by code; returns True."""
        done: bool = self._settled(self._dialect.activate(entitytype, entityident))
        return done

    @remembers_errors
    def online_one(self, entitytype: str, entityident: str) -> bool:
        """Bring an entity back into use, under the name that goes with `offline_one`; returns True."""
        return self.activate_one(entitytype, entityident)

    # No request

    def get_last_message(self) -> str | None:
        """Return the message of the last error of this session; None where there was none."""
        return self._last_message

    @staticmethod
    def dump(d: object, indent: int = 4) -> str:
        """Write a dictionary as JSON text; times are written in UTC, as they are sent."""
        return _written(d, indent)

    # Shared

    def _listing(self, statement: Statement, *, create: bool = False, update: bool = False) -> Call | None:
        if statement.entitytype == "attributes":
            return self._dialect.attributes(attributes_of(statement.expression), create=create, update=update)
        if statement.entitytype != "entitytypes":
            return None
        if statement.expression is not None:
            raise InvalidValue("the entity types are listed with 'entitytypes' alone, without WHERE")
        return self._dialect.entitytypes()


def _inactive(inactive: bool | None, offline: bool | None) -> bool | None:
    if inactive is not None and offline is not None and inactive != offline:
        raise InvalidValue("inactive= and offline= differ, and they mean the same: give inactive= alone")
    return offline if inactive is None else inactive


def _written(value: object, indent: int) -> str:
    return "None" if value is None else json.dumps(codec.encode_value(value), indent=indent)
