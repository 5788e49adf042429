"""Between Python values and the bytes of the wire: JSON, dates, packed payloads, query strings."""

from __future__ import annotations

import base64
import binascii
import functools
import gzip
import json
import math
import re
import zlib
from collections.abc import Callable, Mapping, Set as AbstractSet
from datetime import date, datetime, timezone
from enum import Enum
from typing import Any, NoReturn, TypeAlias
from urllib.parse import quote

from ..errors import InvalidValue, ProtocolError

__all__ = [
    "PACKING_THRESHOLD",
    "compress",
    "decode_datetime",
    "decompress",
    "dumps",
    "encode_datetime",
    "encode_value",
    "loads",
    "payload_size",
    "quote_document",
    "read_datetime",
]

# Measured from accsyn-python-api 3.4.0: an estimate of 102,400 travels as it is, 102,401 is packed.
PACKING_THRESHOLD = 102_400

# What documents are full of; the percent sign itself comes first.
_OFTEN_QUOTED = tuple((mark, quote(mark)) for mark in '%" :,{}[]@=')
_TO_QUOTE = re.compile(r"[^A-Za-z0-9_.~/%-]")

# Links from a value up to the document: (link of the parent, key or index).
_Place: TypeAlias = "tuple[Any, str | int] | None"

_SECONDS = len("2026-07-01T12:00:00")
_MILLISECONDS = len("2026-07-01T12:00:00.000")
_PLAIN = frozenset({str, int, bool})
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def dumps(obj: Any) -> str:
    """
    Write a value as ASCII JSON with `", "` and `": "` between its parts, as the published client does.

    Raises:
        InvalidValue: Something in it cannot be sent; the message names the path to it.
    """
    return json.dumps(encode_value(obj))


def loads(body: bytes) -> Any:
    """
    Read a JSON document, with orjson where it is installed.

    Raises:
        ProtocolError: The bytes are not UTF-8 or not strict JSON, or nested too deeply.
    """
    fast = _fast_loads()
    if fast is not None:
        try:
            return fast(body)
        except ValueError:
            # What orjson refuses, such as a lone surrogate, the standard library may read without loss.
            return _strict_loads(body)
    return _strict_loads(body)


@functools.cache
def _fast_loads() -> Callable[[bytes], Any] | None:
    try:
        import orjson
    except ImportError:
        return None
    return orjson.loads


def _strict_loads(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise ProtocolError(f"the answer is not UTF-8 (byte {error.start} of {len(body)})") from None
    except ValueError as error:
        where = (
            f"line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else str(error)
        )
        raise ProtocolError(f"the answer is not JSON ({where})") from None
    except RecursionError:
        raise ProtocolError("the answer is nested too deeply to be read") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def encode_value(value: Any) -> Any:
    """
    Turn a Python value into one made of JSON types, as a copy; what was given stays as it is.

    Datetimes become UTC text of seconds, naive ones being local time at that date; dates become their
    midnight; enumerations give their value; tuples and sets become lists.

    Raises:
        InvalidValue: Something in it cannot be sent; the message names the path to it.
    """
    try:
        return _encode(value, None)
    except RecursionError:
        raise InvalidValue("the value contains itself, or is nested too deeply to be sent") from None


def _encode(value: Any, place: _Place) -> Any:
    kind = type(value)
    if value is None or kind in _PLAIN:
        return value
    if kind is dict:
        # What nearly all of them are; to ask whether something is a Mapping takes ten times as long.
        return _encode_mapping(value, place)
    if isinstance(value, Enum):
        return _encode(value.value, place)
    if isinstance(value, Mapping):
        return _encode_mapping(value, place)
    if isinstance(value, (list, tuple)):
        return [_encode(item, (place, index)) for index, item in enumerate(value)]
    if isinstance(value, AbstractSet):
        # A set has no order of its own; sorting makes the same set the same text every time.
        return [_encode(item, (place, index)) for index, item in enumerate(sorted(value, key=repr))]
    return _encode_scalar(value, place)


def _encode_scalar(value: Any, place: _Place) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidValue(
                f"{value!r} at {_path(place)} cannot be sent: JSON has neither NaN nor infinity"
            )
        return float(value)
    if isinstance(value, date):
        return _encode_date(value, place)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    raise InvalidValue(
        f"a {type(value).__name__} at {_path(place)} cannot be sent: "
        "use text, numbers, booleans, None, dates, lists or dictionaries"
    )


def _encode_mapping(value: Mapping[Any, Any], place: _Place) -> dict[str, Any]:
    encoded: dict[str, Any] = {}
    for key, item in value.items():
        name = key.value if isinstance(key, Enum) else key
        if isinstance(name, int) and not isinstance(name, bool):
            name = str(int(name))
        if not isinstance(name, str):
            raise InvalidValue(f"the key {key!r} at {_path(place)} cannot be sent: keys are text")
        if name in encoded:
            raise InvalidValue(
                f"the key {name!r} at {_path(place)} would be sent twice: keys must differ as text"
            )
        encoded[str(name)] = _encode(item, (place, name))
    return encoded


def _encode_date(value: date, place: _Place) -> str:
    if not isinstance(value, datetime):
        return f"{value.isoformat()}T00:00:00"
    try:
        return encode_datetime(value)
    except (OverflowError, ValueError, OSError):
        raise InvalidValue(
            f"{value!r} at {_path(place)} cannot be written in UTC: it is out of range"
        ) from None


def _path(place: _Place) -> str:
    steps: list[str] = []
    while place is not None:
        place, step = place
        if isinstance(step, int):
            steps.append(f"[{step}]")
        else:
            steps.append(f".{step}" if _PLAIN_KEY.match(step) else f"[{step!r}]")
    return "$" + "".join(reversed(steps))


def encode_datetime(value: datetime) -> str:
    """Write a time in UTC, in seconds; one without a zone is local time, by the offset of its own date."""
    return value.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0).isoformat()


def decode_datetime(text: str) -> datetime | None:
    """
    Read `YYYY-MM-DDTHH:MM:SS`, with or without `.mmm`, as a time in UTC; None where the text is no such time.

    The server writes UTC without a suffix (measured from accsyn-python-api 3.4.0, which reads it so).
    """
    length = len(text)
    if length != _SECONDS and not (length == _MILLISECONDS and text[_SECONDS] == "."):
        return None
    # fromisoformat knows more forms than the wire, such as a blank for the T: the marks are checked here.
    if text[10] != "T" or text[13] != ":" or text[16] != ":" or text[4] != "-" or text[7] != "-":
        return None
    try:
        return datetime.fromisoformat(text + "+00:00")
    except ValueError:
        return None


def read_datetime(text: str) -> datetime | None:
    """
    Read a date that a server wrote: as `decode_datetime`, or other 19 characters that ISO 8601 knows; always in UTC.

    No server is known to write another form than the documented one. What Python reads is not looked at twice, since
    that takes as long again, for every date of every row.
    """
    if len(text) != _SECONDS:
        return decode_datetime(text)
    try:
        return datetime.fromisoformat(text + "+00:00")
    except ValueError:
        return None


def payload_size(data: Any) -> int:
    """Estimate a payload as the published client does: keys and texts by length, 10 for any other value."""
    if data is None:
        return 0
    if isinstance(data, str):
        return len(data)
    if isinstance(data, dict):
        return sum(len(str(key)) + payload_size(value) for key, value in data.items())
    if isinstance(data, list):
        return sum(payload_size(value) for value in data)
    return 10


def compress(data: Any) -> str:
    """Pack a payload of JSON types for `gz_data`: base64 of gzip of its ASCII JSON."""
    return base64.b64encode(gzip.compress(json.dumps(data).encode("ascii"), mtime=0)).decode("ascii")


def decompress(text: str, cap: int) -> Any:
    """
    Unpack a payload out of `gz_data`.

    Args:
        text: Base64 of gzip of JSON.
        cap: The largest number of unpacked bytes that is accepted.

    Raises:
        ProtocolError: The text is not such a payload, or it unpacks to more than `cap` bytes.
    """
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        body = unpacker.decompress(base64.b64decode(text, validate=True), cap + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise ProtocolError(f"gz_data is not base64 of gzip ({error})") from None
    if len(body) > cap:
        raise ProtocolError(f"gz_data unpacks to more than {cap} bytes")
    if not unpacker.eof:
        raise ProtocolError("gz_data ends before its gzip stream does")
    return loads(body)


def quote_document(text: str) -> str:
    """
    Percent-encode a document for the query string; `A-Z a-z 0-9 _ . - ~ /` stay, a blank is `%20`.

    Args:
        text: ASCII, as `dumps` writes it.
    """
    for mark, quoted in _OFTEN_QUOTED:
        text = text.replace(mark, quoted)
    # A fifth of the price of `quote` alone, where nothing is left for it.
    return quote(text, safe="/~%") if _TO_QUOTE.search(text) else text
