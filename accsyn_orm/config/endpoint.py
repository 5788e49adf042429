"""Where requests go: scheme, host and port."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

import attrs

from ..errors import ConfigurationError

__all__ = [
    "HIGHEST_PORT",
    "Endpoint",
    "checked_port",
    "endpoint_of",
    "is_address",
    "is_host_name",
    "is_loopback",
]

HIGHEST_PORT = 65_535

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@attrs.frozen
class Endpoint:
    """
    Where requests go.

    Args:
        scheme: `https` or `http`.
        host: A host name or an IP address, without brackets.
        port: 1 to 65535.
    """

    scheme: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """Scheme, host and port, such as `https://acmefilm.accsyn.com:443`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def is_host_name(text: str) -> bool:
    """Tell whether the text is a host name or an IP address and nothing more."""
    return _HOST_NAME.match(text) is not None or (is_address(text) and "%" not in text)


def is_address(text: str) -> bool:
    """Tell whether the text is an IP address, without brackets."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by its name or address alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_port(port: int, what: str) -> int:
    """Return a port, or raise a ConfigurationError that names what it is of."""
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= HIGHEST_PORT:
        raise ConfigurationError(f"{what} {port!r} is no port: a whole number from 1 to {HIGHEST_PORT}")
    return port


def endpoint_of(
    url: str | None, hostname: str | None, port: int | None, environment_url: str | None, *, allow_http: bool
) -> Endpoint | None:
    """
    Settle where requests go, or return None where accsyn is to be asked.

    Args:
        url: Scheme, host and port at once.
        hostname: The host alone; https.
        port: The port, 443 where not given.
        environment_url: What the environment says in place of `url`.
        allow_http: Let plain http go to a host that is not this machine.

    Raises:
        ConfigurationError: They are malformed, contradict each other, or would send secrets in clear.
    """
    if url and (hostname or port is not None):
        raise ConfigurationError("url= names host and port already: leave hostname= and port= out")
    if hostname:
        if not isinstance(hostname, str) or not is_host_name(hostname):
            raise ConfigurationError(f"hostname={hostname!r} is no host name: give it alone, or use url=")
        return Endpoint("https", hostname, 443 if port is None else port)
    text = url or (environment_url if port is None else None)
    return _parsed_url(text, allow_http=allow_http) if text else None


def _parsed_url(url: str, *, allow_http: bool) -> Endpoint:
    shown = _without_userinfo(url)
    wrong = f"url {shown!r} does not hold: give scheme, host and port, as in 'https://host:443'"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError(wrong) from None
    host = parts.hostname or ""
    extra = parts.path not in {"", "/"} or "@" in parts.netloc or "?" in url or "#" in url
    known = parts.scheme in {"http", "https"} and is_host_name(host)
    if extra or not known or _CONTROL.search(url):
        raise ConfigurationError(wrong)
    if parts.scheme == "http" and not allow_http and not is_loopback(host):
        raise ConfigurationError(
            f"plain http to {host} would send the API key in clear: use https, or say allow_http=True"
        )
    number = (443 if parts.scheme == "https" else 80) if port is None else checked_port(port, "url port")
    return Endpoint(parts.scheme, host, number)


def _without_userinfo(url: str) -> str:
    return re.sub(r"//[^/?#]*@", "//***@", url.partition("?")[0])
