"""Mails that accsyn would send. Nothing is sent: what would have been is written down, for tests to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from .context import Context
    from .store import Row

__all__ = ["Mail", "post"]


@attrs.frozen
class Mail:
    """
    One mail.

    Args:
        recipient: E-mail address that it goes to.
        kind: What it is about: `invitation` to the workspace, `access` to a share, or a `delivery`, `request` or
            `stream` to receive.
        message: What the sender wrote; may be empty.
        sender: E-mail address of the user who caused it.
        about: What it is about, as `type:id`.
    """

    recipient: str
    kind: str
    message: str
    sender: str
    about: str


def post(context: Context, recipient: str, kind: str, about: Row, message: str = "") -> None:
    """Write a mail down; it goes again where the write that it is part of fails."""
    mail = Mail(recipient, kind, message, context.email, f"{about.type}:{about.id}")
    context.store.mails.append(mail)
