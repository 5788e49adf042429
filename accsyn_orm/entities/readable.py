"""The readable twins of attributes: `user_hr` beside `user`."""

from __future__ import annotations

from ..mapping.fields import Mapped, text

__all__ = ["readable"]


def readable(what: str, beside: str = "reference") -> Mapped[str | None]:
    """
    Declare the readable twin of an attribute, such as `user:lisa@example.com[standard](5bfe…)`.

    Args:
        what: What the attribute holds, such as `the owner`.
        beside: What kind of attribute that is.
    """
    return text(
        optional=True,
        create=False,
        update=False,
        repeats=True,
        reason=f"the server derives it from the {beside} beside it",
        doc=f"{what}, readable",
    )
