"""
Connecting to a host within a deadline, the look-up of its name included.

The system's look-up of a name takes no time-out: with a name server that is silent, it takes as long as the system
likes. So it runs in a thread of its own, which is left behind where the time is over.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from typing import TYPE_CHECKING, Any

from ..config import is_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["addresses_of", "open_socket"]

Address = tuple[Any, ...]


def addresses_of(
    host: str, port: int, left: Callable[[], float], look_up: Callable[..., list[Any]] = socket.getaddrinfo
) -> list[Address]:
    """
    Look up the addresses of a host, as `socket.getaddrinfo` returns them.

    Args:
        host: A name or an address.
        port: The port.
        left: Returns the seconds that this may take; raises TimeoutError where none are left.
        look_up: Looks up, and may take as long as it likes.

    Raises:
        OSError: The name is not known.
        TimeoutError: The look-up takes too long.
    """
    if host == "localhost" or is_address(host):
        return look_up(host, port, 0, socket.SOCK_STREAM)
    found: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()

    def work() -> None:
        try:
            found.put(look_up(host, port, 0, socket.SOCK_STREAM))
        except UnicodeError as error:
            found.put(socket.gaierror(socket.EAI_NONAME, f"no name that can be looked up: {error}"))
        except OSError as error:
            found.put(error)

    try:
        threading.Thread(target=work, name="accsyn-look-up", daemon=True).start()
    except RuntimeError:
        # At the end of the process no thread starts any more; then it has to be done here.
        work()
    try:
        result = found.get(timeout=left())
    except queue.Empty:
        raise TimeoutError("the name was not looked up in time") from None
    if isinstance(result, OSError):
        raise result
    return result


def open_socket(
    host: str, port: int, left: Callable[[], float], options: Iterable[Any] | None = None
) -> socket.socket:
    """
    Connect to the first address of a host that answers; each of them has the time that is left.

    Args:
        host: A name or an address.
        port: The port.
        left: Returns the seconds that the next step may take; raises TimeoutError where none are left.
        options: Arguments for `setsockopt`.

    Raises:
        OSError: None answers; the error is that of the last one.
    """
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in addresses_of(host, port, left):
        with contextlib.ExitStack() as stack:
            try:
                sock = stack.enter_context(socket.socket(family, kind, protocol))
                for option in options or ():
                    sock.setsockopt(*option)
                sock.settimeout(left())
                sock.connect(address)
            except OSError as error:
                failure = error
                continue
            stack.pop_all()
            return sock
    try:
        raise failure
    finally:
        # The error holds this frame, and this frame must not hold the error.
        del failure
