"""
Strict decoding of what clients send.

The sandbox has a decoder of its own on purpose: a mistake of `accsyn_orm.wire` cannot hide behind the same
mistake here.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any, NoReturn

from ..errors import ServerError

__all__ = ["encode", "gunzip", "loads"]

PAYLOAD_CAP = 64 * 1024 * 1024
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in document if names.count(name) > 1)
        raise ServerError(f"The key {twice!r} stands twice in one JSON object; send it once.", status=400)
    return document


def _no_constant(name: str) -> NoReturn:
    raise ServerError(f"{name} is not JSON; send a number or null.", status=400)


def loads(document: bytes) -> Any:
    """
    Decode one JSON document.

    Raises:
        ServerError: The bytes are no UTF-8 JSON, a key stands twice, or a number is NaN or infinite.
    """
    try:
        return json.loads(document.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise ServerError(f"The document is not UTF-8: {error}.", status=400) from error
    except json.JSONDecodeError as error:
        raise ServerError(f"The document is not JSON: {error}.", status=400) from error
    except RecursionError as error:
        raise ServerError("The document is nested too deeply.", status=400) from error


def gunzip(text: Any, cap: int = PAYLOAD_CAP) -> Any:
    """
    Decode a `gz_data` payload: base64 of gzip of JSON.

    Args:
        text: Standard base64 with padding.
        cap: Bytes that the payload may have when unpacked.

    Raises:
        ServerError: It is not that, or it is larger than `cap`.
    """
    if not isinstance(text, str):
        raise ServerError("gz_data must be a string: base64 of gzip of JSON.", status=400)
    try:
        packed = base64.b64decode(text, validate=True)
        unpacker = zlib.decompressobj(_GZIP_WINDOW)
        document = unpacker.decompress(packed, cap + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise ServerError(f"gz_data is not base64 of gzip of JSON: {error}.", status=400) from error
    if len(document) > cap:
        raise ServerError(f"gz_data unpacks to more than {cap} bytes.", status=413)
    if not unpacker.eof:
        raise ServerError("gz_data is cut short: the gzip stream does not end.", status=400)
    return loads(document)


def encode(answer: dict[str, Any]) -> bytes:
    """Encode an answer as ASCII JSON."""
    return json.dumps(answer, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
