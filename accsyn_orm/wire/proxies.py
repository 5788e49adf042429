"""
SOCKS proxies: connections to a host, opened by the proxy, which looks up the host's name.

This module imports PySocks, and is itself imported only where a SOCKS proxy is used. Nothing of the process is
changed: PySocks' own ways to put a proxy before every socket are not used.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any

import socks

from ..config import is_address
from ..errors import ConnectionFailed, ProxyError
from .failures import TunnelError
from .sockets import addresses_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..config import Proxy, Secret

__all__ = ["Tunnel"]

_TYPES = {"socks5": socks.SOCKS5, "socks4": socks.SOCKS4}
# RFC 1928, section 6: what the proxy says of the host, and not of itself.
_ABOUT_THE_HOST = ("0x03", "0x04", "0x05", "0x06")
# PySocks writes a wrong length for names from 128 bytes on.
_LONGEST_NAME = 127


class Tunnel:
    """
    Opens connections through a SOCKS proxy.

    Args:
        proxy: The proxy.
    """

    __slots__ = ("_proxy",)

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def __repr__(self) -> str:
        return f"<Tunnel through the {self._proxy}>"

    def open(
        self, host: str, port: int, left: Callable[[], float], options: Iterable[Any] | None = None
    ) -> socket.socket:
        """
        Connect to a host through the proxy; its name goes to the proxy as it is.

        Args:
            host: A name or an address.
            port: The port.
            left: Returns the seconds that the next step may take; raises TimeoutError where none are left.
            options: Arguments for `setsockopt`.

        Raises:
            TunnelError: The proxy cannot be reached, refuses, or cannot reach the host; its cause is a TimeoutError
                where that took too long.
            TimeoutError: No time is left.
        """
        self._check_name(host)
        proxy = self._proxy
        try:
            addresses = addresses_of(proxy.host, proxy.port, left)
        except TimeoutError:
            raise
        except OSError as error:
            raise TunnelError(f"the name of the {proxy} cannot be resolved; is it spelled right?") from error
        failure: OSError = OSError("the name has no address")
        for family, _, _, _, address in addresses:
            sock = _Socket(family, left)
            try:
                return self._through(sock, str(address[0]), host, port, options)
            except socks.ProxyConnectionError as error:
                failure = error.socket_err or error
            finally:
                # What was returned has taken the connection over, and left nothing here to close.
                sock.close()
        raise TunnelError(
            f"cannot connect to the {proxy}: {failure.strerror or failure}; is it running, and is the port right?"
        ) from failure

    def _through(
        self, sock: _Socket, address: str, host: str, port: int, options: Iterable[Any] | None
    ) -> socket.socket:
        proxy = self._proxy
        for option in options or ():
            sock.setsockopt(*option)
        user, password = _revealed(proxy.username), _revealed(proxy.password)
        sock.set_proxy(_TYPES[proxy.kind], address, proxy.port, True, user, password)
        sock.settimeout(sock.left())
        try:
            sock.connect((host, port))
        except socks.ProxyConnectionError:
            raise
        except socks.ProxyError as error:
            # PySocks takes its own errors for those of the socket, and wraps them.
            inner = error.socket_err or error
            raise self._refusal(inner, f"{host}:{port}") from inner
        seconds = sock.left()
        # A plain socket from here on: PySocks' own keeps the password, and costs something with every byte.
        plain = socket.socket(sock.family, sock.type, sock.proto, fileno=sock.detach())
        plain.settimeout(seconds)
        return plain

    def _check_name(self, host: str) -> None:
        if is_address(host):
            if self._proxy.kind == "socks4" and ipaddress.ip_address(host).version != 4:  # noqa: PLR2004
                raise TunnelError(f"SOCKS4 cannot reach {host}, which is an IPv6 address: use SOCKS5")
        elif len(host.encode()) > _LONGEST_NAME:
            raise TunnelError(
                f"the name {host} is longer than the {_LONGEST_NAME} bytes that can go to a proxy"
            )

    def _refusal(self, error: OSError, where: str) -> TunnelError:
        proxy = self._proxy
        if isinstance(error, socks.SOCKS5AuthError):
            if proxy.username is None:
                return TunnelError(f"the {proxy} wants a user and a password: socks5:user:password@host:port")
            return TunnelError(f"the {proxy} does not accept user and password, or no sign-in at all")
        if isinstance(error, socks.SOCKS5Error):
            code, _, text = error.msg.partition(": ")
            kind = ConnectionFailed if code in _ABOUT_THE_HOST else ProxyError
            return TunnelError(f"the {proxy} cannot connect to {where}: {text}", kind)
        if isinstance(error, socks.SOCKS4Error):
            return TunnelError(f"the {proxy} refuses to connect to {where}, or cannot ({error.msg})")
        return TunnelError(
            f"the {proxy} ended the connection, or does not speak {proxy.kind.upper()}; is it a SOCKS proxy?"
        )


class _Socket(socks.socksocket):  # type: ignore[misc] # PySocks has no types
    """PySocks' socket, with what is left of the time for every receive: a proxy may drip, too."""

    def __init__(self, family: socket.AddressFamily, left: Callable[[], float]) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self.left = left

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(self.left())
        return super().recv_into(buffer, nbytes, flags)  # type: ignore[no-any-return]


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()
