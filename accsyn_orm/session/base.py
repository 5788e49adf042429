"""What every session is: signed in to one workspace, open until it is closed."""

from __future__ import annotations

import functools
import weakref
from typing import TYPE_CHECKING, Any, Concatenate, NoReturn, ParamSpec, SupportsIndex, TypeVar

from ..config import Secret, resolve, warn_of_clear_text, with_credentials
from ..errors import AccsynError, ConfigurationError, SessionClosed
from ..wire.answers import result_of
from ..wire.connection import Connection
from ..wire.generations import GENERATIONS
from ..wire.rate import rate_limit_of
from ..wire.trace import Trace
from .logs import own_logger

if TYPE_CHECKING:
    import logging
    import os
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from ..config import Proxy
    from ..wire.messages import Call
    from ..wire.rate import RateLimitSetting
    from ..wire.transport import Transport

__all__ = ["BaseSession", "remembers_errors"]

_Session = TypeVar("_Session", bound="BaseSession")
_Parameters = ParamSpec("_Parameters")
_Returned = TypeVar("_Returned")


class BaseSession:
    """
    A session signed in to a workspace.

    The parameters up to `path_envfile` are those of the published client's `Session`, in its order.

    Args:
        workspace: The workspace code; else ACCSYN_WORKSPACE, ACCSYN_DOMAIN or ACCSYN_ORG.
        username: The e-mail address of the user; else ACCSYN_API_USER.
        api_key: The user's API key; else ACCSYN_API_KEY.
        hostname: The host of the workspace; asked of accsyn where neither it nor `url` is given.
        port: The port of the host, 443 where not given.
        proxy: `socks:host:port` (SOCKS5), `socks4:host:port`, or `accsyn:host:port`, also without its type; with
            `user:password@` before the host where a SOCKS proxy wants it; else ACCSYN_PROXY. See "Proxies" in the
            documentation. With a `transport`, the transport is what goes through a proxy.
        verbose: Write requests and answers to standard error, or to `path_logfile` alone where it is given.
        pretty_json: Indent what `verbose` writes.
        path_logfile: A file to log to.
        timeout: Seconds between two bytes of an answer; 120 where not given or 0.
        connect_timeout: Seconds until a connection stands; 10 where not given or 0.
        domain: The name of `workspace` before 3.0.
        path_envfile: A file with `ACCSYN_…=value` lines; else ACCSYN_CREDENTIALS_PATH.
        pwd: The user's password; selects v1. Where an API key or a session key is given too, by argument or by
            environment, that one signs in, as in the published client 2.2.1.
        session_key: The key of an earlier session, from `get_session_key()` or `generate_session_key()`; else
            ACCSYN_SESSION_KEY. It selects v1, unless there is an API key, which goes before it.
        url: Scheme, host and port at once, such as `http://127.0.0.1:8181`; else ACCSYN_URL.
        verify: True, or the path of the certificate authorities to trust.
        allow_http: Let plain http go to a host that is not this machine.
        deadline: Seconds that one request may take in all, waiting and trying again included; 300 where not
            given or 0.
        rate_limit: What the server allows: None for accsyn's 30 requests a second with bursts of 60, except
            towards this machine; True to have that there too; False or 0 for no limit; requests a second, with
            bursts of twice as many; `(requests a second, burst)`; or `redis://host:port/db`, to share one limit
            with the other machines behind this address (needs `accsyn-orm[shared]`).
        protocol: The generation of the protocol: `v1` of the clients 1.x and 2.x, `v3.0`, `v3.1`, or `v3` of 3.2
            and later; where not given, what the credentials take: v3 with an API key, else v1.
        transport: Sends the requests; it stays the caller's to close.

    Raises:
        ConfigurationError: A setting is missing or does not hold.
        AuthenticationFailed: The server refuses the sign-in.
        AccsynError: The sign-in fails otherwise.
    """

    def __init__(
        self,
        workspace: str | None = None,
        username: str | None = None,
        api_key: str | Secret | None = None,
        hostname: str | None = None,
        port: int | None = None,
        proxy: str | Secret | None = None,
        verbose: bool = False,
        pretty_json: bool = False,
        path_logfile: str | os.PathLike[str] | None = None,
        timeout: float | None = None,
        connect_timeout: float | None = None,
        domain: str | None = None,
        path_envfile: str | os.PathLike[str] | None = None,
        *,
        pwd: str | Secret | None = None,
        session_key: str | Secret | None = None,
        url: str | None = None,
        verify: bool | str | os.PathLike[str] = True,
        allow_http: bool = False,
        deadline: float | None = None,
        rate_limit: RateLimitSetting = None,
        protocol: str | None = None,
        transport: Transport | None = None,
    ) -> None:
        # At once, since a traceback may show the locals of this frame.
        api_key, pwd, session_key = _secret(api_key), _secret(pwd), _secret(session_key)
        proxy = Secret(proxy) if isinstance(proxy, str) else proxy
        rate_limit = Secret(rate_limit) if isinstance(rate_limit, str) else rate_limit
        self._settings = resolve(
            workspace=workspace,
            username=username,
            api_key=api_key,
            hostname=hostname,
            port=port,
            proxy=proxy,
            timeout=timeout,
            connect_timeout=connect_timeout,
            domain=domain,
            path_envfile=path_envfile,
            pwd=pwd,
            session_key=session_key,
            url=url,
            verify=verify,
            allow_http=allow_http,
            deadline=deadline,
            protocol=protocol,
        )
        if transport is not None and self._settings.proxy is not None:
            raise ConfigurationError(
                "proxy= (or ACCSYN_PROXY) and transport= exclude each other: give the proxy to the transport"
            )
        limit = rate_limit_of(rate_limit)
        self._last_message: str | None = None
        log = own_logger(verbose, path_logfile)
        trace = Trace(log, pretty=pretty_json)
        self._connection = Connection(
            self._settings,
            GENERATIONS[self._settings.protocol](),
            transport or _own_transport(self._settings.verify, self._settings.proxy),
            owns_transport=transport is None,
            trace=trace,
            rate_limit=limit,
        )
        # Runs on close, when the last reference goes, or at the end of the process: whichever is first.
        self._release = weakref.finalize(self, _release, self._connection, log)
        try:
            self._connection.sign_in()
            self._opened()
        except BaseException:
            self._release()
            raise

    def _opened(self) -> None:
        """Run once the session is signed in; a subclass sets itself up here."""

    def _closing(self) -> None:
        """Run before the session closes; a subclass lets go of what it holds here."""

    # What it is

    @property
    def username(self) -> str:
        """The user who is signed in."""
        return self._settings.username

    @property
    def workspace(self) -> str:
        """The workspace code."""
        return self._settings.workspace

    @property
    def user_id(self) -> str:
        """The id of the user who is signed in."""
        return self._connection.signed_in.user_id

    @property
    def role(self) -> str:
        """The user's role: admin, employee, standard or support; v1 also says cloudadmin, client and none."""
        return self._connection.signed_in.role

    @property
    def url(self) -> str:
        """Scheme, host and port that requests go to."""
        return self._connection.endpoint.url

    @property
    def timeout(self) -> float:
        """Seconds between two bytes of an answer."""
        return self._settings.read_timeout

    @property
    def connect_timeout(self) -> float:
        """Seconds until a connection stands."""
        return self._settings.connect_timeout

    @property
    def request_count(self) -> int:
        """How many HTTP requests this session has sent, those of signing in included."""
        return self._connection.request_count

    @property
    def closed(self) -> bool:
        """Whether the session was closed."""
        return self._connection.closed

    def __repr__(self) -> str:
        state = "closed " if self.closed else ""
        return f"<{state}{type(self).__name__} of {self.username} at {self.workspace}>"

    # Its life

    def close(self) -> None:
        """Close the session, its connections and its log. A second call does nothing."""
        if not self.closed:
            self._closing()
            self._release()

    def renew(
        self,
        *,
        username: str | None = None,
        api_key: str | Secret | None = None,
        pwd: str | Secret | None = None,
        session_key: str | Secret | None = None,
    ) -> None:
        """
        Sign in again, with other credentials where they are given, and go on with all that is pending.

        An expired session renews itself as long as its API key holds; this is for when it does not, and for a
        session that was signed in with a password or a session key. Where it fails, the session stays as it was.

        Args:
            username: Another user; the one of before where not given.
            api_key: Another key; what signed in before where none of the three is given.
            pwd: A password; v1 only.
            session_key: Another session key; v1 only.

        Raises:
            ConfigurationError: One of them is malformed, or the protocol does not sign in with it.
            AuthenticationFailed: The server refuses the sign-in.
            AccsynError: The sign-in fails otherwise.
        """
        # At once, since a traceback may show the locals of this frame.
        api_key, pwd, session_key = _secret(api_key), _secret(pwd), _secret(session_key)
        self._check_open()
        settings = with_credentials(self._settings, username, api_key, pwd, session_key)
        self._connection.renew(settings)
        self._settings = settings

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} can neither be pickled nor copied: open one where it is needed"
        )

    # Its calls

    def _call(self, call: Call) -> dict[str, Any]:
        """Send a call, and the next one where it finds nothing; return the document of the answer."""
        document = self._sent(call)
        while call.otherwise is not None and document.get("result") == []:
            call = call.otherwise
            document = self._sent(call)
        return document

    def _result(self, call: Call) -> Any:
        """Send a call and return the result in its answer."""
        return result_of(self._call(call), call)

    def _sent(self, call: Call) -> dict[str, Any]:
        """Send one call; everything that a session asks goes through here."""
        return self._connection.call(call)

    def _check_open(self) -> None:
        if self.closed:
            raise SessionClosed("this session was closed: open another one with Session(...)")


def remembers_errors(
    method: Callable[Concatenate[_Session, _Parameters], _Returned],
) -> Callable[Concatenate[_Session, _Parameters], _Returned]:
    """Let a method of a session keep the message of an error that it raises, for `get_last_message()`."""

    @functools.wraps(method)
    def remembering(self: _Session, /, *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Returned:
        try:
            self._check_open()
            return method(self, *args, **kwargs)
        except AccsynError as error:
            self._last_message = error.message
            raise

    return remembering


def _secret(value: str | Secret | None) -> Secret | None:
    return Secret(value) if value else None


def _own_transport(verify: bool | str, proxy: Proxy | None) -> Transport:
    from ..wire.transport import RequestsTransport

    warn_of_clear_text(proxy)
    return RequestsTransport(verify=verify, proxy=proxy)


def _release(connection: Connection, log: logging.Logger | None) -> None:
    connection.close()
    for handler in list(log.handlers) if log is not None else ():
        handler.close()
