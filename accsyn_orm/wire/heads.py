"""The heads of requests and responses: their first line and their headers, and what these say about a body."""

from __future__ import annotations

import http.client
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["host_line", "is_chunked", "length_of", "read_headers", "request_head"]

# As http.client has it.
_LONGEST_LINE, _MOST_HEADERS = 65_536, 100
_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
# Request line and headers, with nothing in them that would be read as another part of their line.
_HEAD = re.compile(rf"{_NAME} [!-~]+ HTTP/1\.1(?:\r\n{_NAME}: [^\0\r\n]*)+")
# A header, or how one goes on in the next line, as it was once allowed.
_HEADER_LINE = re.compile(rf"(?:({_NAME}):|[ \t])([^\0\r\n]*)\r?\n")


def host_line(host: str, port: int, usual: int) -> str:
    """Return the Host header; the port is left out where it is the usual one."""
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    if ":" in name:
        name = f"[{name.partition('%')[0]}]"
    return f"Host: {name}" if port == usual else f"Host: {name}:{port}"


def request_head(method: str, target: str, host: str, headers: Mapping[str, str]) -> bytes:
    """
    Write request line and headers.

    Raises:
        ValueError: Something in it would be read as another line, or as another part of its line.
    """
    lines = [f"{method} {target} HTTP/1.1", host, *(f"{name}: {value}" for name, value in headers.items())]
    text = "\r\n".join(lines)
    # A value with an end of line looks like several headers, and a name with a colon like the name of another one.
    whole = text.count("\n") == len(lines) - 1 and not any(":" in name for name in headers)
    if not whole or not _HEAD.fullmatch(text):
        raise ValueError("the head of a request has characters that cannot stand where they do")
    return f"{text}\r\n\r\n".encode("iso-8859-1")


def read_headers(stream: Any) -> dict[str, str]:
    """
    Read header lines up to the empty one.

    Raises:
        HTTPException: They are malformed, or too many or too long.
    """
    named: dict[str, str] = {}
    last = ""
    for _ in range(_MOST_HEADERS + 1):
        line: bytes = stream.readline(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            raise http.client.LineTooLong("header line")
        if line in {b"\r\n", b"\n"}:
            return named
        parts = _HEADER_LINE.fullmatch(line.decode("iso-8859-1"))
        if parts is None or not (parts[1] or last):
            raise http.client.HTTPException("the headers are malformed")
        value = parts[2].strip(" \t")
        if parts[1]:
            last = parts[1].lower()
            named[last] = f"{named[last]}, {value}" if last in named else value
        else:
            named[last] = f"{named[last]} {value}"
    raise http.client.HTTPException(f"there are more than {_MOST_HEADERS} headers")


def is_chunked(named: Mapping[str, str]) -> bool:
    """
    Whether a body comes in chunks.

    Raises:
        HTTPException: It comes in another way, that shows no end.
    """
    codings = {coding.strip().lower() for coding in named.get("transfer-encoding", "identity").split(",")}
    if not codings <= {"chunked", "identity"}:
        raise http.client.HTTPException("the answer has a Transfer-Encoding that nobody asked for")
    return "chunked" in codings


def length_of(named: Mapping[str, str]) -> int | None:
    """
    Return the length of a body in bytes, None where it is not said.

    Raises:
        HTTPException: It is no number, or there are two that differ.
    """
    if "content-length" not in named:
        return None
    length, *others = {length.strip() for length in named["content-length"].split(",")}
    if others or not length.isdecimal():
        raise http.client.HTTPException("the answer has no readable Content-Length")
    return int(length)
