"""Everything else that the published client does: reports, logs, publishing, integrations, keys, running clients."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Any

from ..errors import ProtocolError, SessionError
from ..expressions.tree import Comparison, Operator
from .answering import AnsweringSession, dated, listed
from .base import remembers_errors
from .statements import parse_statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..wire.messages import Call

__all__ = ["ServiceCalls"]

_DOCUMENTATION = "https://accsyn-python-api.readthedocs.io/en/latest/"
_LOG_DATES = frozenset({"date", "created", "modified", "finished"})
_RUNNING = frozenset({"online", "disabled"})


class ServiceCalls(AnsweringSession):
    """The calls that are about no entity."""

    @remembers_errors
    def report(self, query: str) -> str:
        """
        Return a report on what a query describes, a text for people.

        Args:
            query: `type`, or `type WHERE expression`.
        """
        statement = parse_statement(query)
        return self._text(self._dialect.report(statement.entitytype, statement.expression), "report")

    @remembers_errors
    def metrics(self, query: str, attributes: Sequence[str] | None = None, time: str | None = None) -> Any:
        """
        Return figures on what a query describes.

        Args:
            query: `type`, or `type WHERE expression`.
            attributes: Which figures, such as `["speed"]`.
            time: The time that they are about, as the server reads it.

        Returns:
            The figures as the server sends them; their form is not documented.
        """
        statement = parse_statement(query)
        call = self._dialect.metrics(
            statement.entitytype, statement.expression, attributes=attributes, time=time
        )
        return self._settled(call)

    @remembers_errors
    def logs(
        self,
        entitytype: str | None = None,
        entityid: str | None = None,
        search: str | None = None,
        sort: str = "date",
        sort_reverse: bool = False,
        pagination_page: int | None = None,
        pagination_limit: int | None = None,
        pagination_skip: int | None = None,
    ) -> dict[str, Any]:
        """
        Return a page of the log.

        Args:
            entitytype: Of what; of the workspace where not given.
            entityid: Of which one; of the workspace, none.
            search: A text that the entries hold.
            sort: The column to sort by.
            sort_reverse: Whether the order is turned round.
            pagination_page: Which page.
            pagination_limit: How many entries are on one.
            pagination_skip: How many entries to leave out first.

        Returns:
            The whole answer: the entries in `result`, and what the server says of pages.
        """
        call = self._dialect.logs(
            "workspace" if entitytype is None else entitytype,
            entityid,
            search=search,
            sort=sort,
            sort_reverse=sort_reverse,
            pagination={"page": pagination_page, "limit": pagination_limit, "skip": pagination_skip},
        )
        document = self._call(call)
        dated(listed(document.get("result"), call), call, _LOG_DATES)
        return document

    @remembers_errors
    def prepublish(self, data: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """
        Ask what becomes of files that are to be published.

        Args:
            data: A dictionary for each: `id` (a uuid), `filename`, `size` in bytes; for a directory `is_dir` and
                `files`.

        Returns:
            `files`, with what the server says of each, and what else a publish has to have.
        """
        call = self._dialect.prepublish(data)
        result = self._result(call)
        if not isinstance(result, dict):
            raise ProtocolError(
                f"the answer to {call.uri} has a {type(result).__name__} @ $.result: an object was expected"
            )
        return result

    @remembers_errors
    def publish(self, data: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Ask what becomes of files, under the name that the documentation has for `prepublish`."""
        return self.prepublish(data)

    @remembers_errors
    def integration(self, name: str, operation: str, data: Any) -> Any:
        """
        Have an integration do something, and return what it says.

        Args:
            name: Of the integration, such as `ftrack`.
            operation: What to do.
            data: What it needs to know.
        """
        return self._result(self._dialect.integration(name, operation, data))

    # Keys

    @remembers_errors
    def get_api_key(self) -> str:
        """
        Return the API key of who is signed in.

        Raises:
            ServerError: The workspace does not allow it, which is the default.
        """
        return self._text(self._dialect.api_key(), "api_key")

    @remembers_errors
    def get_session_key(self) -> str:
        """
        Return the key of this session, which signs in other sessions; v1 only.

        Raises:
            UnsupportedByDialect: This generation of the protocol has none.
        """
        return self._connection.session_key.reveal()

    @remembers_errors
    def generate_session_key(self, lifetime: int | None = None) -> str:
        """
        Make a key that signs in other sessions; v1 only.

        Args:
            lifetime: Seconds that it holds; None for what the server takes.

        Raises:
            UnsupportedByDialect: This generation of the protocol has none.
        """
        return self._text(self._dialect.session_key(self.username, lifetime), "session_key")

    @remembers_errors
    def login(self, revive_session_key: str | None = None) -> None:  # noqa: ARG002 - the parameter of 2.x
        """
        Refuse, as the clients 1.x and 2.x do: a session is signed in from the start.

        Raises:
            SessionError: Always.
        """
        raise SessionError("this session is signed in: renew() signs it in again")

    # Clients on this machine

    @remembers_errors
    def app_is_running(self) -> bool | None:
        """Tell whether the accsyn app of this user runs on this machine; None where there is none."""
        return self._is_running("app")

    @remembers_errors
    def gui_is_running(self) -> bool | None:
        """Tell whether the app runs, under the name that earlier clients have for it."""
        return self._is_running("app")

    @remembers_errors
    def daemon_is_running(self) -> bool | None:
        """Tell whether an accsyn server or user server of this user runs here; None where there is none."""
        return self._is_running("daemon")

    @remembers_errors
    def server_is_running(self) -> bool | None:
        """Tell whether a server runs, under the name that earlier clients have for it."""
        return self._is_running("daemon")

    # No request

    @remembers_errors
    def decode_query(self, query: str) -> dict[str, str]:
        """
        Split a query into `entitytype`, in lower case, and `expression`, where there is one.

        Args:
            query: `type`, or `type WHERE expression`.
        """
        statement = parse_statement(query)
        parts = {"entitytype": statement.entitytype, "expression": statement.expression}
        return {name: value for name, value in parts.items() if value is not None}

    def help(self) -> None:
        """Write the address of the documentation of the published client to the standard output."""
        sys.stdout.write(f"The calls are documented at {_DOCUMENTATION}\n")

    @staticmethod
    def get_hostname() -> str:
        """Return the name of this machine, as requests carry it."""
        return socket.gethostname()

    def _is_running(self, kind: str) -> bool | None:
        # Written by the compiler, since the name of a machine is not ours to trust.
        written = self._expression(Comparison("code", Operator.EQ, self._dialect.hostname))
        call = self._dialect.client_status(kind, self.user_id, written.partition("=")[2])
        rows = self._rows(call, "client")
        return any(row.get("status") in _RUNNING for row in rows) if rows else None

    def _text(self, call: Call, name: str) -> str:
        """Send a call whose answer is flat, and return the text in it."""
        document = self._call(call)
        value = document.get(name)
        if not isinstance(value, str):
            raise ProtocolError(
                f"the answer to {call.uri} has {'no text' if value is None else f'a {type(value).__name__}'}"
                f" @ $.{name}: a text was expected",
                uri=call.uri,
            )
        return value
