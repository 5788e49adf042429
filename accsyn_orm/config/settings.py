"""Where to connect, and as whom: arguments before environment before an env file that was asked for."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from ..errors import ConfigurationError, InvalidWorkspace, MissingCredentials
from .credentials import TODAY, chosen_credentials, chosen_protocol
from .endpoint import Endpoint, checked_port, endpoint_of
from .proxy import Proxy, check_clear_text, chosen_proxy
from .sources import Sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .secret import Secret

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
        api_key: That user's key; empty where a session key or a password signs in.
        endpoint: The host to talk to; None asks accsyn for the host of the workspace.
        port: The port to use in place of the one that accsyn names; only without an endpoint.
        connect_timeout: Seconds until a connection stands.
        read_timeout: Seconds between two bytes of an answer.
        deadline: Seconds for one request, from first to last byte.
        verify: True for the authorities known to certifi, or the path of a file or directory of them.
        pwd: That user's password; v1 only.
        session_key: The key of an earlier session of that user; v1 only.
        protocol: The generation of the protocol: v1, v3.0, v3.1, or v3 for 3.2 and later.
        proxy: Through what requests go; None connects directly.
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
    pwd: Secret | None = None
    session_key: Secret | None = None
    protocol: str = TODAY
    proxy: Proxy | None = None

    @property
    def renewable(self) -> bool:
        """
        Whether these credentials sign in again by themselves.

        An API key does, any number of times. A session key that expired cannot, and with a password the published
        client 2.2.1 does not either: whoever owns the session is asked, and `session.renew(pwd=…)` goes on with it.
        """
        return bool(self.api_key.reveal())


def resolve(
    *,
    workspace: str | None = None,
    username: str | None = None,
    api_key: str | Secret | None = None,
    hostname: str | None = None,
    port: int | None = None,
    proxy: str | Secret | None = None,
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
    protocol: str | None = None,
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
        proxy: Through what requests go: `socks:host:port` and the like; else ACCSYN_PROXY.
        timeout: Seconds between two bytes of an answer.
        connect_timeout: Seconds until a connection stands.
        domain: The name that the workspace had in the clients before 3.0.
        path_envfile: A file of `ACCSYN_…=value` lines, for what neither arguments nor environment say.
        pwd: That user's password, where no key is given; selects v1.
        session_key: The key of an earlier session, where no API key is given; selects v1.
        url: Scheme, host and port at once.
        verify: True, or the path of the certificate authorities to trust.
        allow_http: Let plain http go to a host that is not this machine.
        deadline: Seconds for one request in all.
        protocol: The generation of the protocol; follows from the credentials where it is not given.
        environ: The environment; the process's own where it is not given.

    Raises:
        ConfigurationError: Something is missing, malformed or contradictory.
    """
    sources = Sources(environ, path_envfile)
    through = chosen_proxy(proxy, sources)
    credentials = chosen_credentials(api_key, session_key, pwd, sources)
    code = _workspace(workspace, domain) or sources.first("ACCSYN_WORKSPACE", "ACCSYN_DOMAIN", "ACCSYN_ORG")
    user = username or sources.first("ACCSYN_API_USER")
    if not code:
        raise MissingCredentials("no workspace: pass workspace=… or set ACCSYN_WORKSPACE")
    if not user:
        raise MissingCredentials("no user name: pass username=… or set ACCSYN_API_USER")
    spoken = chosen_protocol(protocol, credentials, pwd=bool(pwd), session_key=bool(session_key))
    number = None if port is None else checked_port(port, "port")
    endpoint = endpoint_of(url, hostname, number, sources.first("ACCSYN_URL"), allow_http=allow_http)
    check_clear_text(endpoint, through, allow_http=allow_http)
    return Settings(
        workspace=_checked_workspace(code),
        username=_checked_username(user),
        api_key=credentials.api_key,
        endpoint=endpoint,
        port=number,
        connect_timeout=_seconds(connect_timeout, CONNECT_SECONDS, "connect_timeout"),
        read_timeout=_seconds(timeout, READ_SECONDS, "timeout"),
        deadline=_seconds(deadline, TOTAL_SECONDS, "deadline"),
        verify=_authorities(verify),
        pwd=credentials.pwd,
        session_key=credentials.session_key,
        protocol=spoken,
        proxy=through,
    )


def with_credentials(
    settings: Settings,
    username: str | None,
    api_key: Secret | None,
    pwd: Secret | None = None,
    session_key: Secret | None = None,
) -> Settings:
    """
    Return the settings with another user, key or password; None leaves what there is.

    What is given signs in, alone. The generation of the protocol stays.

    Raises:
        ConfigurationError: One of them is malformed, or this generation does not sign in with it.
    """
    name = _checked_username(username) if username else settings.username
    found = chosen_credentials(api_key, session_key, pwd)
    if found.missing:
        return attrs.evolve(settings, username=name)
    chosen_protocol(settings.protocol, found, pwd=pwd is not None, session_key=session_key is not None)
    return attrs.evolve(
        settings, username=name, api_key=found.api_key, pwd=found.pwd, session_key=found.session_key
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
