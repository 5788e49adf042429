"""The calls about everything else: reports, metrics, logs, publishing, integrations, keys, running clients."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue
from .messages import Call
from .names import check_code, check_count, check_entitytype, check_id
from .publishing import sized

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ServiceCalls"]

_NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")
_STEPS = re.compile(r"\.+\Z")


class ServiceCalls:
    """
    Build the calls that are about no entity (measured from accsyn-python-api 3.4.0).

    Expressions come written, since how a value is written in one is not decided here.
    """

    # What the uris of the workspace itself begin with.
    workspace_uri = "workspace"
    # Which clients are looked for on a machine, by the numbers of their types.
    client_kinds: Mapping[str, str] = {"app": "type=0", "daemon": "(type=1 OR type=2)"}

    def report(self, entitytype: str, expression: str | None = None) -> Call:
        """
        Ask for a report, a text for people; the answer is flat: `{"report": …}`.

        Args:
            entitytype: Of what.
            expression: Which of them.
        """
        entitytype = check_entitytype(entitytype)
        return Call("GET", f"{entitytype}/report", query=expression, entity=entitytype)

    def metrics(
        self,
        entitytype: str,
        expression: str | None = None,
        *,
        attributes: Sequence[str] | None = None,
        time: str | None = None,
    ) -> Call:
        """
        Ask for figures.

        Args:
            entitytype: Of what.
            expression: Which of them.
            attributes: Which figures; what the server takes, where not given.
            time: The time that they are about, as the server reads it.
        """
        entitytype = check_entitytype(entitytype)
        if isinstance(attributes, str) or not all(
            isinstance(name, str) and name for name in attributes or ()
        ):
            raise InvalidValue(f"attributes={attributes!r} does not hold: a list of names, such as ['speed']")
        data: dict[str, Any] = {"attributes": None if attributes is None else list(attributes)}
        if time is not None:
            data["time"] = check_code(time)
        return Call("GET", f"{entitytype}/metrics", query=expression, data=data, entity=entitytype)

    def logs(
        self,
        entitytype: str = "workspace",
        entityid: str | None = None,
        *,
        search: str | None = None,
        sort: str = "date",
        sort_reverse: bool = False,
        pagination: Mapping[str, int | None] | None = None,
    ) -> Call:
        """
        Read the log.

        Args:
            entitytype: Of what.
            entityid: Of which one; of the workspace, none.
            search: A text that the entries hold.
            sort: The column to sort by.
            sort_reverse: Whether the order is turned round.
            pagination: `page`, `limit` and `skip`, as far as they are given.
        """
        entitytype = check_entitytype(entitytype)
        ident = None if entityid is None else check_id(entityid)
        if not isinstance(sort_reverse, bool):
            raise InvalidValue(f"sort_reverse={sort_reverse!r} does not hold: True or False")
        data: dict[str, Any] = {
            "entitytype": entitytype,
            "sort": check_code(sort),
            "sort_reverse": sort_reverse,
        }
        if search:
            data["search"] = check_code(search)
        given = {name: value for name, value in (pagination or {}).items() if value is not None}
        if given:
            data["pagination"] = {
                name: check_count(f"pagination_{name}", value, 0) for name, value in given.items()
            }
        return Call(
            "GET", "log/find", id=ident, data=data, entity=f"{entitytype}:{ident}" if ident else entitytype
        )

    def prepublish(self, files: Sequence[Mapping[str, Any]]) -> Call:
        """
        Ask what becomes of files that are to be published.

        Args:
            files: A dictionary for each: `id`, `filename`, `size` in bytes; for a directory `is_dir` and `files`.
        """
        listed, size = sized(files)
        data = {"files": listed, "size": size}
        return Call("PUT", f"{self.workspace_uri}/publish/preprocess", data=data, entity="workspace")

    def integration(self, name: str, operation: str, data: Any) -> Call:
        """
        Have an integration do something.

        Args:
            name: Of the integration.
            operation: What to do.
            data: What it needs to know.
        """
        if not isinstance(name, str) or not _NAME.match(name) or _STEPS.match(name):
            raise InvalidValue(
                f"{name!r} is no name of an integration: letters, digits, '_', '-' and '.' only"
            )
        payload = {"operation": check_code(operation), "data": data}
        uri = f"{self.workspace_uri}/integration/{name}/utility"
        return Call("PUT", uri, data=payload, entity=f"integration:{name}")

    def api_key(self) -> Call:
        """Ask for the API key of who is signed in; the answer is flat: `{"api_key": …}`."""
        return Call("GET", "user/api_key", entity="user")

    def client_status(self, kind: str, user_id: str, hostname: str) -> Call:
        """
        Look for the clients of a user on a machine.

        Args:
            kind: `app`, or `daemon` for server and user server.
            user_id: The user.
            hostname: The machine, as its name is written in an expression.
        """
        if kind not in self.client_kinds:
            raise InvalidValue(f"{kind!r} is no kind of client: {', '.join(self.client_kinds)} are")
        query = f"user={check_id(user_id, 'user id')} AND code={hostname} AND {self.client_kinds[kind]}"
        return Call("GET", "client/find", query=query, entity="client")
