"""Put a body together, unpacked where it came compressed, and never more of it than a cap."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from ..errors import ConnectionLost, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["unpack"]

_STEP = 1 << 20
_GZIP = 16 + zlib.MAX_WBITS


def unpack(chunks: Iterable[bytes], encoding: str, cap: int) -> bytes:
    """
    Join the chunks of a body.

    Args:
        chunks: The bytes as they came.
        encoding: The Content-Encoding: gzip, deflate, or nothing.
        cap: The most bytes that a compressed body may unpack to.

    Raises:
        ProtocolError: The encoding is another one, the body is not in it, or it unpacks to more than the cap.
        ConnectionLost: The compressed stream ends too early.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return b"".join(chunks)
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise ProtocolError(f"the answer is encoded as {name[:40]!r}; only gzip and deflate were asked for")
    parts: list[bytes] = []
    size = 0
    try:
        for part in _inflate(chunks, deflate=name == "deflate"):
            size += len(part)
            if size > cap:
                raise ProtocolError(f"the answer unpacks to more than {cap} bytes; reading stopped there")
            parts.append(part)
    except zlib.error:
        raise ProtocolError(f"the answer says that it is {name}, and is not") from None
    return b"".join(parts)


def _inflate(chunks: Iterable[bytes], *, deflate: bool) -> Iterator[bytes]:
    unpacker = None
    for chunk in chunks:
        rest = chunk
        while rest:
            if unpacker is None:
                unpacker = zlib.decompressobj(_deflate_window(rest) if deflate else _GZIP)
            yield unpacker.decompress(rest, _STEP)
            rest = unpacker.unconsumed_tail
            if unpacker.eof:
                # A gzip body may be several streams, one after the other.
                rest, unpacker = unpacker.unused_data, None
    if unpacker is not None:
        yield from _last(unpacker)


def _last(unpacker: zlib._Decompress) -> Iterator[bytes]:
    part = unpacker.decompress(b"", _STEP)
    while part:
        yield part
        part = unpacker.decompress(b"", _STEP)
    if not unpacker.eof:
        raise ConnectionLost("the compressed answer ends too early")


def _deflate_window(first: bytes) -> int:
    # By its standard, deflate has a zlib header (mostly 0x78); some servers send the bare stream.
    return zlib.MAX_WBITS if first[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS
