"""What the published clients are used for in the table of compatibility, by version, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance import earlier_uses, later_uses

if TYPE_CHECKING:
    from tests.conformance.earlier_uses import Use

__all__ = ["SIGN_IN", "VERSIONS", "uses_of"]

# The published clients that the table is about.
VERSIONS = ("3.4.0", "2.2.1", "2.0.1")
# Making the session: it has no name in the lists of uses.
SIGN_IN = "sign in"

# What is said of nothing in particular, where it matters how.
_EVERY: dict[str, Use] = {
    "own profile": lambda s, _: s.find_one("User"),
    "in capitals": lambda s, _: s.find('job WHERE code="My_Transfer"'),
    "report in capitals": lambda s, _: s.report('job WHERE code="My_Transfer"'),
}
# What is public and no method.
_ATTRIBUTES: dict[str, Use] = {
    "user name": lambda s, _: s.username,
    "time-outs": lambda s, _: [s.timeout, s.connect_timeout],
}
_SINCE_32: dict[str, Use] = {
    **_ATTRIBUTES,
    "grant everything": lambda s, seen: s.grant(
        "user", seen["create a user"]["id"], "folder", seen["create a folder"]["id"]
    ),
    "the case of a code": lambda s, _: s.grant(
        "user", "Made@Example.com", "folder", "incoming", {"read": True}
    ),
    "access of users": lambda s, seen: s.access("Folder", seen["create a folder"]["id"], "user"),
}


def uses_of(version: str) -> dict[str, Use]:
    """Return the uses of a version: what it can do, in an order in which each finds what it needs."""
    if version.startswith("3."):
        return {**later_uses.USES, **_EVERY, **_SINCE_32}
    # 2.0 has no public attributes.
    later = {} if version.startswith("2.0.") else _ATTRIBUTES
    return {**earlier_uses.uses_of(version), **_EVERY, **later}
