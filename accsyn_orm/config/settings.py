"""Where to connect, and as whom: arguments before environment before an env file that was asked for."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from ..errors import ConfigurationError, InvalidWorkspace, MissingCredentials
from .endpoint import Endpoint, checked_port, endpoint_of
from .secret import Secret
from .sources import Sources

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Settings", "resolve", "with_credentials"]

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0
TOTAL_SECONDS = 300.0

_ONE_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")


@attrs.frozen(eq=False)
class Settings:
    """
    What a session needs to know before its first request.

    Args:
        workspace: The workspace code, one DNS label.
        username: The e-mail address that signs in.
        api_key: That user's key.
        endpoint: The host to talk to; None asks accsyn for the host of the workspace.
        port: The port to use in place of the one that accsyn names; only without an endpoint.
        connect_timeout: Seconds until a connection stands.
        read_timeout: Seconds between two bytes of an answer.
        deadline: Seconds for one request, from first to last byte.
        verify: True for the authorities known to certifi, or the path of a file or directory of them.
    """

    workspace: str
    username: str
    api_key: Secret
    endpoint: Endpoint | None = None
    port: int | None = None
    connect_timeout: float = CONNECT_SECONDS
    read_timeout: float = READ_SECONDS
    deadline: float = TOTAL_SECONDS
    verify: bool | str = True

    @property
    def renewable(self) -> bool:
        """Whether these credentials can sign in again: an API key can, any number of times."""
        return bool(self.api_key.reveal())


def resolve(
    *,
    workspace: str | None = None,
    username: str | None = None,
    api_key: str | Secret | None = None,
    hostname: str | None = None,
    port: int | None = None,
    proxy: str | None = None,
    timeout: float | None = None,
    connect_timeout: float | None = None,
    domain: str | None = None,
    path_envfile: str | os.PathLike[str] | None = None,
    pwd: str | Secret | None = None,
    session_key: str | Secret | None = None,
    url: str | None = None,
    verify: bool | str | os.PathLike[str] = True,
    allow_http: bool = False,
    deadline: float | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """
    Settle the settings of a session. Nothing is changed in the process's environment.

    Args:
        workspace: The workspace code.
        username: The e-mail address that signs in.
        api_key: That user's key.
        hostname: The host of the workspace; https only.
        port: Its port, 443 where not given.
        proxy: Refused where it is set.
        timeout: Seconds between two bytes of an answer.
        connect_timeout: Seconds until a connection stands.
        domain: The name that the workspace had in the clients before 3.0.
        path_envfile: A file of `ACCSYN_…=value` lines, for what neither arguments nor environment say.
        pwd: Refused where it is given.
        session_key: Refused where it is given.
        url: Scheme, host and port at once.
        verify: True, or the path of the certificate authorities to trust.
        allow_http: Let plain http go to a host that is not this machine.
        deadline: Seconds for one request in all.
        environ: The environment; the process's own where it is not given.

    Raises:
        ConfigurationError: Something is missing, malformed or contradictory.
    """
    sources = Sources(environ, path_envfile)
    if proxy or sources.first("ACCSYN_PROXY"):
        raise ConfigurationError(
            "a proxy is set (proxy=… or ACCSYN_PROXY), and this version cannot go through one; "
            "unset it to connect directly"
        )
    key = _key(api_key, sources)
    _refuse_other_sign_ins(pwd, session_key, None if key else sources.first("ACCSYN_SESSION_KEY"))
    code = _workspace(workspace, domain) or sources.first("ACCSYN_WORKSPACE", "ACCSYN_DOMAIN", "ACCSYN_ORG")
    user = username or sources.first("ACCSYN_API_USER")
    if not code:
        raise MissingCredentials("no workspace: pass workspace=… or set ACCSYN_WORKSPACE")
    if not user:
        raise MissingCredentials("no user name: pass username=… or set ACCSYN_API_USER")
    if key is None:
        raise MissingCredentials("no API key: pass api_key=… or set ACCSYN_API_KEY")
    number = None if port is None else checked_port(port, "port")
    return Settings(
        workspace=_checked_workspace(code),
        username=_checked_username(user),
        api_key=key,
        endpoint=endpoint_of(url, hostname, number, sources.first("ACCSYN_URL"), allow_http=allow_http),
        port=number,
        connect_timeout=_seconds(connect_timeout, CONNECT_SECONDS, "connect_timeout"),
        read_timeout=_seconds(timeout, READ_SECONDS, "timeout"),
        deadline=_seconds(deadline, TOTAL_SECONDS, "deadline"),
        verify=_authorities(verify),
    )


def with_credentials(settings: Settings, username: str | None, api_key: Secret | None) -> Settings:
    """
    Return the settings with another user, key, or both; None leaves what there is.

    Raises:
        ConfigurationError: One of them is malformed.
    """
    key = settings.api_key if api_key is None else _checked_key(api_key)
    name = _checked_username(username) if username else settings.username
    return attrs.evolve(settings, username=name, api_key=key)


def _key(api_key: str | Secret | None, sources: Sources) -> Secret | None:
    secret = _checked_key(Secret(api_key or sources.first("ACCSYN_API_KEY") or ""))
    return secret if secret.reveal() else None


def _checked_key(secret: Secret) -> Secret:
    if not secret.is_text():
        raise ConfigurationError("the API key holds characters that no key has: copy it again from accsyn")
    return secret


def _refuse_other_sign_ins(*values: str | Secret | None) -> None:
    if any(value is not None for value in values):
        raise ConfigurationError(
            "signing in with a password (pwd) or a session key needs the v1 protocol, which this version "
            "does not speak; use api_key=… or ACCSYN_API_KEY"
        )


def _workspace(workspace: str | None, domain: str | None) -> str | None:
    if workspace and domain and workspace != domain:
        raise ConfigurationError(
            f"workspace={workspace!r} and domain={domain!r} differ, and they mean the same; give one of them"
        )
    return workspace or domain


def _checked_workspace(code: str) -> str:
    if not isinstance(code, str) or not _ONE_LABEL.match(code):
        raise InvalidWorkspace(
            f"{code!r} is no workspace code: letters, digits, inner hyphens, 63 at most, such as 'acmefilm'"
        )
    return code


def _checked_username(name: str) -> str:
    if not isinstance(name, str) or not name.isprintable() or name != name.strip():
        raise ConfigurationError(
            f"{name!r} is no user name: give the e-mail address, without blanks around it"
        )
    return name


def _seconds(value: float | None, default: float, name: str) -> float:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ConfigurationError(f"{name}={value!r} is no number of seconds: positive, or 0 for {default:g}")
    return float(value) or default


def _authorities(verify: bool | str | os.PathLike[str]) -> bool | str:
    if verify is True:
        return True
    if isinstance(verify, bool) or not verify:
        raise ConfigurationError(
            "certificates are always verified: for a server of your own, give verify= the path of its "
            "certificate authority"
        )
    path = os.fspath(verify)
    if not Path(path).exists():
        raise ConfigurationError(f"verify={path!r} does not exist: give a file or directory of certificates")
    return path
