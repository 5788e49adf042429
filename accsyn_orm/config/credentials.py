"""How a session signs in, and the generation of the protocol that this takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ..errors import ConfigurationError, MissingCredentials
from .secret import Secret

if TYPE_CHECKING:
    from .sources import Sources

__all__ = ["PROTOCOLS", "TODAY", "Credentials", "chosen_credentials", "chosen_protocol", "given_secret"]

PROTOCOLS = ("v1", "v3.0", "v3.1", "v3")
KEYED = "v1"
TODAY = "v3"

_ONLY_V1 = (
    "signing in with {name} takes the v1 protocol, and protocol={protocol!r} was asked for: accsyn took passwords and"
    " session keys out in 3.0; use api_key=…, or leave protocol= out"
)


@attrs.frozen(eq=False)
class Credentials:
    """
    What signs in; one of the three.

    Args:
        api_key: The user's API key; empty where another one signs in.
        session_key: The key of an earlier session.
        pwd: The user's password.
    """

    api_key: Secret
    session_key: Secret | None = None
    pwd: Secret | None = None

    @property
    def missing(self) -> bool:
        """Whether there is none."""
        return not (self.api_key.reveal() or self.session_key or self.pwd)


def chosen_credentials(
    api_key: str | Secret | None,
    session_key: str | Secret | None,
    pwd: str | Secret | None,
    sources: Sources | None = None,
) -> Credentials:
    """
    Pick what signs in: an API key before a session key before a password, as in the published client 2.2.1.

    Args:
        api_key: An API key; else ACCSYN_API_KEY.
        session_key: A session key; else ACCSYN_SESSION_KEY.
        pwd: A password.
        sources: The environment; nothing is looked up where it is not given.

    Raises:
        ConfigurationError: What is picked holds characters that it cannot have.
    """
    key = given_secret(api_key) or _looked_up(sources, "ACCSYN_API_KEY")
    if key is not None:
        return Credentials(_checked(key, "API key"))
    session = given_secret(session_key) or _looked_up(sources, "ACCSYN_SESSION_KEY")
    if session is not None:
        return Credentials(Secret(""), session_key=_checked(session, "session key"))
    password = given_secret(pwd)
    if password is not None and not password.is_encodable():
        raise ConfigurationError("the password holds half of a surrogate pair, which is no character")
    return Credentials(Secret(""), pwd=password)


def chosen_protocol(protocol: str | None, credentials: Credentials, *, pwd: bool, session_key: bool) -> str:
    """
    Settle the generation of the protocol: what was asked for, else what the credentials take.

    Args:
        protocol: What was asked for.
        credentials: What signs in.
        pwd: Whether a password was given.
        session_key: Whether a session key was given.

    Raises:
        ConfigurationError: The generation does not exist, or has no such sign-in.
        MissingCredentials: Nothing was given that signs in.
    """
    if protocol is not None and protocol not in PROTOCOLS:
        raise ConfigurationError(f"protocol={protocol!r} does not exist: one of {', '.join(PROTOCOLS)}")
    if protocol not in {None, KEYED}:
        for name, given in (("a password (pwd)", pwd), ("a session key", session_key)):
            if given:
                raise ConfigurationError(_ONLY_V1.format(name=name, protocol=protocol))
        if not credentials.api_key.reveal():
            raise MissingCredentials("no API key: pass api_key=… or set ACCSYN_API_KEY")
    if credentials.missing:
        raise MissingCredentials(
            "no API key: pass api_key=… or set ACCSYN_API_KEY; or sign in by v1, with pwd=…, session_key=… or"
            " ACCSYN_SESSION_KEY"
        )
    return protocol or (TODAY if credentials.api_key.reveal() else KEYED)


def given_secret(value: str | Secret | None) -> Secret | None:
    """Return a secret, or None where there is no text in it."""
    secret = None if value is None else Secret(value)
    return secret if secret is not None and secret.reveal() else None


def _looked_up(sources: Sources | None, name: str) -> Secret | None:
    return None if sources is None else given_secret(sources.first(name))


def _checked(secret: Secret, what: str) -> Secret:
    if not secret.is_text():
        raise ConfigurationError(f"the {what} holds characters that no key has: copy it again from accsyn")
    return secret
