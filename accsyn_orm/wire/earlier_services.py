"""The calls about access, shares, files, settings and the rest, as the generations before v3.2 say them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from .earlier_calls import EarlierGeneration
from .names import check_entitytype, check_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .messages import Call

__all__ = ["EarlierServices"]

_STATEMENT = re.compile(r"\s*acl\s+where\s+", re.IGNORECASE)
_FIGURES = ("speed",)


class EarlierServices(EarlierGeneration):
    """Build these calls as the clients before 3.2 do (measured from accsyn-python-api 2.2.1, 3.0.3 and 3.1.0)."""

    # Access

    def recipients(self, entityid: str) -> Call:
        """Refuse: there are no deliveries to receive."""
        raise self._unsupported(f"the recipients of {check_id(entityid)}")

    def add_recipient(self, entityid: str, recipient: str, *, invite: bool) -> Call:  # noqa: ARG002 - the signature of today's
        """Refuse: there are no deliveries to receive."""
        raise self._unsupported(f"a recipient of {check_id(entityid)}")

    def remove_recipient(self, entityid: str, recipient: str) -> Call:  # noqa: ARG002 - the signature of today's
        """Refuse: there are no deliveries to receive."""
        raise self._unsupported(f"a recipient of {check_id(entityid)}")

    def acls(self, expression: str | None, *, recursive: bool | None = None) -> Call:
        """List access control lists; the query is an expression without its type in front."""
        if recursive:
            raise self._unsupported("access to what stands below a share (recursive)")
        return super().acls(None if expression is None else _STATEMENT.sub("", expression, count=1))

    def by_code(self, entitytype: str, expression: str) -> Call:
        """Look an entity up by its code."""
        return self.find(entitytype, expression)

    # Shares

    def assign(self, entitytype: str, entityid: str, client: str, *, kind: str = "server") -> Call:
        """
        Have a server serve a share, by changing the share.

        Args:
            entitytype: `share`, or `volume`.
            entityid: Its id.
            client: The id of the server.
            kind: What the server is to the share: the main `server` (also `client`), or a `siteserver`.
        """
        call = super().assign(entitytype, entityid, client, kind=kind)
        attribute = "siteserver" if kind == "siteserver" else "server"
        return attrs.evolve(call, uri="share/edit", data={attribute: call.data["client"]})

    def deassign(self, entitytype: str, entityid: str, client: str, *, kind: str = "server") -> Call:
        """Have a server serve a share no longer. The parameters are those of `assign`."""
        call = self.assign(entitytype, entityid, client, kind=kind)
        return attrs.evolve(call, data={f"{name}_clear": value for name, value in call.data.items()})

    def assignments(self, entitytype: str, entityid: str) -> Call:
        """List the servers that serve a share."""
        return attrs.evolve(super().assignments(entitytype, entityid), uri="share/servers")

    def delete_many(self, entitytype: str, entityid: str, data: Mapping[str, Any]) -> Call:  # noqa: ARG002 - the signature of today's
        """Refuse: the files of a collection cannot be told apart."""
        raise self._unsupported(f"taking files out of a '{check_entitytype(entitytype)}'")

    # Files

    def file(self, op: str, path: Any, **options: Any) -> Call:
        """Do something with a file or directory; deleting is not among it."""
        if op == "delete":
            raise self._unsupported("deleting a file")
        return super().file(op, path, **options)

    # Settings

    def setting(
        self,
        entitytype: str,
        name: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the wire's own name
        integration: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Call:
        """Read one setting."""
        return _scoped(super().setting(entitytype, name, id=id, integration=integration, data=data))

    def settings(
        self,
        entitytype: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the wire's own name
        recursive: bool = False,
        upstream: bool = False,
        omit_defaults: bool = True,
        share: str | None = None,
    ) -> Call:
        """Read all settings of an entity: a setting without a name."""
        if recursive or upstream or share is not None or not omit_defaults:
            raise self._unsupported("inherited, nested and default settings")
        return self.setting(entitytype or "workspace", id=id)

    def set_setting(
        self,
        entitytype: str,
        name: str,
        value: str,
        *,
        id: str | None = None,  # noqa: A002 - the wire's own name
        integration: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Call:
        """Change a setting."""
        return _scoped(
            super().set_setting(entitytype, name, value, id=id, integration=integration, data=data)
        )

    def delete_setting(
        self,
        entitytype: str,  # noqa: ARG002 - the signature of today's
        name: str,
        *,
        id: str | None = None,  # noqa: A002, ARG002 - the signature of today's
    ) -> Call:
        """Refuse: a setting is changed, and not taken away."""
        raise self._unsupported(f"deleting the setting {name!r}")

    # The rest

    def report(self, entitytype: str, expression: str | None = None) -> Call:
        """Ask for a report, a text for people; the answer is flat: `{"report": …}`."""
        call = super().report(entitytype, expression)
        return attrs.evolve(call, uri=f"{self.uri_of(check_entitytype(entitytype))}/report")

    def metrics(
        self,
        entitytype: str,
        expression: str | None = None,
        *,
        attributes: Sequence[str] | None = None,
        time: str | None = None,
    ) -> Call:
        """Ask for figures; the speed, where none are named."""
        wanted = _FIGURES if attributes is None else attributes
        call = super().metrics(entitytype, expression, attributes=wanted, time=time)
        return attrs.evolve(call, uri=f"{self.uri_of(check_entitytype(entitytype))}/metrics")

    def logs(
        self,
        entitytype: str = "workspace",
        entityid: str | None = None,  # noqa: ARG002 - the signature of today's
        *,
        search: str | None = None,  # noqa: ARG002 - the signature of today's
        sort: str = "date",  # noqa: ARG002 - the signature of today's
        sort_reverse: bool = False,  # noqa: ARG002 - the signature of today's
        pagination: Mapping[str, int | None] | None = None,  # noqa: ARG002 - the signature of today's
    ) -> Call:
        """Refuse: the log is read in the web application only."""
        raise self._unsupported(f"the log of a '{check_entitytype(entitytype)}'")


def _scoped(call: Call) -> Call:
    """Say of what a setting is in the words of these generations: `scope` and `ident`, all within the payload."""
    given = call.data
    data = {"scope": given["entitytype"], "name": given["name"]}
    if "value" in given:
        data["value"] = given["value"]
    if call.id:
        data["ident"] = call.id
    if "integration" in given:
        data["integration"] = given["integration"]
    return attrs.evolve(call, id=None, data={**data, "data": given.get("data")})
