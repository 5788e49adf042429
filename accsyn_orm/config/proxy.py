"""Through what requests go: the setting `proxy`, or ACCSYN_PROXY."""

from __future__ import annotations

import re
import sys
import warnings
from typing import TYPE_CHECKING
from urllib.parse import unquote

import attrs

from ..errors import ConfigurationError, InsecureProxyWarning
from .endpoint import HIGHEST_PORT, Endpoint, is_host_name, is_loopback
from .secret import Secret

if TYPE_CHECKING:
    from .sources import Sources

__all__ = ["Proxy", "check_clear_text", "chosen_proxy", "warn_of_clear_text"]

# What may be said, and what it is. `socks` is SOCKS5, as in accsyn-python-api 3.4.0; names are always resolved at
# the proxy, which other programs write as socks5h and socks4a.
_KINDS = {
    "socks": "socks5",
    "socks5": "socks5",
    "socks5h": "socks5",
    "socks4": "socks4",
    "socks4a": "socks4",
    "accsyn": "accsyn",
}
_TITLES = {"socks5": "SOCKS5 proxy", "socks4": "SOCKS4 proxy", "accsyn": "accsyn proxy"}
_CLEAR_PORT = 80
# RFC 1929 has room for 255 bytes; PySocks writes a wrong length from 128 on.
_LONGEST_LOGIN = 127

_URL = re.compile(r"(?P<kind>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*?)/?\Z", re.DOTALL)
_ADDRESS = re.compile(r"(?:\[(?P<literal>[^\[\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[^:]*))?\Z", re.DOTALL)

_RIGHT = (
    "give 'socks:host:port' (SOCKS5) or 'socks4:host:port', before the host 'user:password@' where the proxy wants"
    " it, or 'accsyn:host:port' for an accsyn proxy; IPv6 addresses go into brackets"
)


@attrs.frozen(eq=False)
class Proxy:
    """
    A proxy, and how to sign in to it.

    Args:
        kind: `socks5`, `socks4`, or `accsyn`: a plain http address that knows its backend.
        host: A host name or an IP address, without brackets.
        port: 1 to 65535.
        username: Who signs in; SOCKS only.
        password: That user's password; SOCKS5 only.
    """

    kind: str
    host: str
    port: int
    username: Secret | None = None
    password: Secret | None = None

    @property
    def tunnels(self) -> bool:
        """Whether it passes bytes on to any address, as SOCKS does; an accsyn proxy has one backend."""
        return self.kind != "accsyn"

    @property
    def endpoint(self) -> Endpoint:
        """Where an accsyn proxy takes requests, in plain http."""
        return Endpoint("http", self.host, self.port)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{_TITLES[self.kind]} {host}:{self.port}"


def chosen_proxy(proxy: str | Secret | None, sources: Sources) -> Proxy | None:
    """
    Settle through what requests go; None connects directly.

    Args:
        proxy: The setting; else ACCSYN_PROXY.
        sources: The environment.

    Raises:
        ConfigurationError: The setting is malformed; the message shows nothing that could be a password.
    """
    if not isinstance(proxy, (str, Secret, type(None))):
        raise ConfigurationError(f"proxy is text, not {type(proxy).__name__}: {_RIGHT}")
    name, setting = "proxy=", Secret(proxy or "")
    if not setting.reveal():
        name, setting = "ACCSYN_PROXY=", Secret(sources.first("ACCSYN_PROXY") or "")
    if not setting.reveal():
        return None
    found = _parsed(setting.reveal())
    if isinstance(found, str):
        raise ConfigurationError(f"{name}{_shown(setting.reveal())} does not hold: {found}; {_RIGHT}")
    return found


def check_clear_text(endpoint: Endpoint | None, proxy: Proxy | None, *, allow_http: bool) -> None:
    """
    Refuse plain http through a tunnel that ends on another machine: the way there would be in clear.

    Raises:
        ConfigurationError: It is so, and was not allowed.
    """
    clear = endpoint is not None and endpoint.scheme == "http" and proxy is not None and proxy.tunnels
    if clear and proxy is not None and not allow_http and not is_loopback(proxy.host):
        raise ConfigurationError(
            f"plain http through the {proxy} would send the API key in clear: use https, or say allow_http=True"
        )


def warn_of_clear_text(proxy: Proxy | None) -> None:
    """Warn, at the line that opened the session, where a proxy takes requests in plain http."""
    if proxy is None or proxy.tunnels:
        return
    package = __name__.partition(".")[0]
    frame, level = sys._getframe(), 1  # noqa: SLF001 - `warnings` counts frames, and has no way to look for one
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame, level = frame.f_back, level + 1
    warnings.warn(
        f"requests go to the {proxy} in plain http, which is all that it speaks: whoever listens on the way there can"
        " read the credentials, the session and all data. Use it in a network that you trust, or a SOCKS proxy",
        InsecureProxyWarning,
        stacklevel=level,
    )


# The functions below see the password, so none of them raises: a traceback may show the locals of its frames.


def _parsed(text: str) -> Proxy | str:
    """Return the proxy, or the reason why there is none."""
    url = _URL.match(text)
    named, rest = (url["kind"].lower(), url["rest"]) if url else _split(text)
    kind = _KINDS.get(named)
    if kind is None:
        return f"there is no type of proxy {named!r}"
    login, at, address = rest.rpartition("@")
    where = _address(address, port_needed=bool(url) or rest != text)
    if isinstance(where, str):
        return where
    if not at:
        return Proxy(kind, *where)
    user, colon, password = login.partition(":")
    if url:
        user, password = unquote(user), unquote(password)
    return _wrong_login(kind, user, password if colon else None) or Proxy(
        kind, *where, Secret(user), Secret(password) if colon else None
    )


def _split(text: str) -> tuple[str, str]:
    """Return the type and what follows it; without a type it is an accsyn proxy."""
    head, _, rest = text.partition(":")
    if head.lower() in _KINDS:
        return head.lower(), rest
    unknown = _is_word(head) and "@" not in text and "[" not in text and text.count(":") == 2  # noqa: PLR2004
    return (head, rest) if unknown else ("accsyn", text)


def _address(text: str, *, port_needed: bool) -> tuple[str, int] | str:
    found = _ADDRESS.match(text)
    if found is None:
        return "it has more parts than type, host and port"
    host = found["literal"] or found["host"] or ""
    if not is_host_name(host) or host.isdigit() or (":" in host) != bool(found["literal"]):
        return "it names no host"
    port = found["port"]
    if port is None:
        return "it names no port" if port_needed else (host, _CLEAR_PORT)
    if not (port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= HIGHEST_PORT):
        return f"its port is no whole number from 1 to {HIGHEST_PORT}"
    return host, int(port)


def _wrong_login(kind: str, user: str, password: str | None) -> str | None:
    if kind == "accsyn":
        return "an accsyn proxy has no user of its own"
    if kind == "socks4" and password is not None:
        return "SOCKS4 knows a user, and no password"
    if kind == "socks5" and not password:
        return "SOCKS5 wants a user and a password, or neither"
    for name, value in (("user", user), ("password", "-" if password is None else password)):
        if not value.isprintable():
            return f"its {name} holds characters that cannot be printed"
        if not 1 <= len(value.encode()) <= _LONGEST_LOGIN:
            return f"its {name} is not between 1 and {_LONGEST_LOGIN} bytes long"
    return None


def _shown(text: str) -> str:
    """Show of a malformed setting what certainly is no part of a password."""
    head, colons = text.partition(":")[0], text.count(":")
    known = head.lower() in _KINDS
    if "@" not in text and (colons <= 1 or (known and colons == 2)):  # noqa: PLR2004 - type:host:port
        return repr(text[:100])
    return repr(f"{head}:…" if known or ("@" not in text and _is_word(head)) else "…")


def _is_word(text: str) -> bool:
    return text.isascii() and text.isalnum()
