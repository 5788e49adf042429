"""The calls about access: who receives a delivery, and who may use a share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InvalidValue
from .messages import Call
from .names import check_code, check_entitytype, check_id
from .payloads import object_payload

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["AccessCalls"]


class AccessCalls:
    """
    Build the calls about access (measured from accsyn-python-api 3.4.0).

    Expressions come written, since how a value is written in one is not decided here.
    """

    def recipients(self, entityid: str) -> Call:
        """List who receives a delivery, request or stream."""
        entityid = check_id(entityid)
        return Call("GET", "job/recipients", id=entityid, entity=f"job:{entityid}")

    def add_recipient(self, entityid: str, recipient: str, *, invite: bool) -> Call:
        """
        Let a user receive a delivery, request or stream.

        Args:
            entityid: Its id.
            recipient: The id of the user, or the e-mail address of somebody who is no user yet.
            invite: Whether such a person is invited.
        """
        entityid = check_id(entityid)
        data = {"recipient": check_code(recipient), "invite": _flag("invite", invite)}
        return Call("PUT", "job/recipient/add", id=entityid, data=data, entity=f"job:{entityid}")

    def remove_recipient(self, entityid: str, recipient: str) -> Call:
        """Take a user off a delivery, request or stream, by the id or e-mail address that `recipients` names."""
        entityid = check_id(entityid)
        data = {"recipient": check_code(recipient)}
        return Call("DELETE", "job/recipient", id=entityid, data=data, entity=f"job:{entityid}")

    def acls(self, expression: str | None, *, recursive: bool | None = None) -> Call:
        """
        List access control lists.

        Args:
            expression: Which of them, such as `target=share:5bfe`.
            recursive: Include those of what stands below the share; not said where not given.
        """
        data = {} if recursive is None else {"recursive": _flag("recursive", recursive)}
        return Call("GET", "acl/find", query=expression, data=data, entity="acl")

    def create_acl(self, data: Mapping[str, Any]) -> Call:
        """
        Let a user use a share.

        Args:
            data: `entity` (`user:<id or e-mail>`), `target` (`share:<id>`), `invite`, `read`, `write`, `notify`,
                `message`, `path`.
        """
        payload = object_payload(data, "an acl")
        return Call("POST", "acl/create", data=payload, entity="acl")

    def delete_acl(self, aclid: str) -> Call:
        """Take the access away that one access control list gives."""
        aclid = check_id(aclid, "acl id")
        return Call("DELETE", "acl/delete", id=aclid, entity=f"acl:{aclid}")

    def by_code(self, entitytype: str, expression: str) -> Call:
        """
        Look an entity up by its code.

        Args:
            entitytype: Such as `user`.
            expression: The condition, such as `code=lisa@example.com`.
        """
        entitytype = check_entitytype(entitytype)
        return Call("GET", f"{entitytype}/find", query=expression, data=None, entity=entitytype)


def _flag(name: str, value: bool) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(f"{name}={value!r} does not hold: True or False")
    return value
