"""Where to connect, and as whom: arguments before environment before an env file that was asked for."""

from __future__ import annotations

import hmac
import ipaddress
import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, SupportsIndex
from urllib.parse import urlsplit

import attrs

from .errors import ConfigurationError, InvalidWorkspace, MissingCredentials

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Endpoint", "Secret", "Settings", "is_host_name", "is_loopback", "resolve", "with_credentials"]

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0
TOTAL_SECONDS = 300.0
HIGHEST_PORT = 65_535

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ONE_LABEL = re.compile(rf"{_LABEL}\Z")
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*?)\s*\Z")
_COMMENT = re.compile(r"\s+#.*\Z")
_QUOTED = re.compile(r"(?P<quote>['\"])(?P<text>.*?)(?P=quote)\s*(?:#.*)?\Z")


class Secret:
    """
    A text that prints as `***`, compares in constant time and cannot be pickled, copied or written as JSON.

    Args:
        value: The text to keep; `reveal()` gives it back.
    """

    __slots__ = ("_value",)

    _value: str

    def __init__(self, value: str | Secret) -> None:
        text = value.reveal() if isinstance(value, Secret) else value
        if not isinstance(text, str):
            raise ConfigurationError(f"a secret is text, not {type(text).__name__}")
        object.__setattr__(self, "_value", text)

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value

    def is_text(self) -> bool:
        """Tell whether it is printable text that UTF-8 can encode."""
        return self._value.isprintable()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Secret does not change; make another one")

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret('***')"

    def __format__(self, format_spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return False
        ours, theirs = (text.encode("utf-8", "surrogatepass") for text in (self._value, other._value))
        return hmac.compare_digest(ours, theirs)

    __hash__ = None  # type: ignore[assignment] # a secret is no key

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a Secret can neither be pickled nor copied: make it anew where it is needed")


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
    sources = _Sources(environ, path_envfile)
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
    number = None if port is None else _checked_port(port, "port")
    return Settings(
        workspace=_checked_workspace(code),
        username=_checked_username(user),
        api_key=key,
        endpoint=_endpoint(url, hostname, number, sources.first("ACCSYN_URL"), allow_http=allow_http),
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


def is_host_name(text: str) -> bool:
    """Tell whether the text is a host name or an IP address and nothing more."""
    if _HOST_NAME.match(text):
        return True
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


class _Sources:
    """The environment, then the env file; a class, for a traceback with locals shows nothing of it."""

    __slots__ = ("_layers",)

    def __init__(
        self, environ: Mapping[str, str] | None, path_envfile: str | os.PathLike[str] | None
    ) -> None:
        variables = os.environ if environ is None else environ
        path = path_envfile or variables.get("ACCSYN_CREDENTIALS_PATH")
        self._layers = (variables, _read_env_file(Path(path))) if path else (variables,)

    def first(self, *names: str) -> str | None:
        """Return the first value that is set and not empty, a layer after the other."""
        return next((layer[name] for layer in self._layers for name in names if layer.get(name)), None)


def _read_env_file(path: Path) -> dict[str, str]:
    try:
        text = path.expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the env file {str(path)!r} cannot be read ({_reason(error)}): name a UTF-8 text file"
        ) from None
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _ASSIGNMENT.match(line)
        if match and match["name"].startswith("ACCSYN_"):
            found[match["name"]] = _env_value(match["value"])
    return found


def _env_value(text: str) -> str:
    quoted = _QUOTED.match(text)
    if quoted:
        return quoted["text"]
    return "" if text.startswith("#") else _COMMENT.sub("", text)


def _reason(error: Exception) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is not UTF-8"


def _key(api_key: str | Secret | None, sources: _Sources) -> Secret | None:
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


def _checked_port(port: int, what: str) -> int:
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= HIGHEST_PORT:
        raise ConfigurationError(f"{what} {port!r} is no port: a whole number from 1 to {HIGHEST_PORT}")
    return port


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


def _endpoint(
    url: str | None, hostname: str | None, port: int | None, environment_url: str | None, *, allow_http: bool
) -> Endpoint | None:
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
    number = (443 if parts.scheme == "https" else 80) if port is None else _checked_port(port, "url port")
    return Endpoint(parts.scheme, host, number)


def _without_userinfo(url: str) -> str:
    return re.sub(r"//[^/?#]*@", "//***@", url.partition("?")[0])


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by its name or address alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
