"""JSON, dates and packed payloads."""

from __future__ import annotations

import base64
import enum
import gzip
import json
import os
import time
from datetime import date, datetime, time as time_of_day, timedelta, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, strategies as st

from accsyn_orm.config import Secret
from accsyn_orm.errors import InvalidValue, ProtocolError
from accsyn_orm.wire import codec

if TYPE_CHECKING:
    from collections.abc import Iterator


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 999


class Name(str):
    __slots__ = ()


@pytest.fixture
def stockholm() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Stockholm"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


class TestEncoding:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ({"a": [1, 2.5, None, True], "å": "é\n"}, '{"a": [1, 2.5, null, true], "\\u00e5": "\\u00e9\\n"}'),
            ((1, (2,)), "[1, [2]]"),
            ({"b", "a"}, '["a", "b"]'),
            (MappingProxyType({"x": Colour.RED}), '{"x": "red"}'),
            ({Colour.RED: Level.HIGH, 7: Name("n")}, '{"red": 999, "7": "n"}'),
            (date(2026, 7, 1), '"2026-07-01T00:00:00"'),
            (datetime(2026, 7, 1, 12, 0, 0, 999999, timezone.utc), '"2026-07-01T12:00:00"'),
            (datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2))), '"2026-07-01T10:00:00"'),
            ("\ud800", '"\\ud800"'),
            (10**30, str(10**30)),
        ],
    )
    def test_values(self, value: Any, text: str) -> None:
        assert codec.dumps(value) == text
        assert text.isascii()

    def test_a_naive_time_takes_the_offset_of_its_own_date(self, stockholm: None) -> None:
        assert codec.encode_value(datetime(2026, 7, 1, 12)) == "2026-07-01T10:00:00"  # noqa: DTZ001
        assert codec.encode_value(datetime(2026, 11, 24, 12)) == "2026-11-24T11:00:00"  # noqa: DTZ001
        fold = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001
        assert codec.encode_value(fold) == "2026-10-25T00:30:00"
        assert codec.encode_value(fold.replace(fold=1)) == "2026-10-25T01:30:00"

    @pytest.mark.parametrize(
        ("value", "path"),
        [
            ({"metadata": {"x": [0, 1, 2, float("nan")]}}, r"\$\.metadata\.x\[3\]"),
            ({"a b": {"c": float("inf")}}, r"\$\['a b'\]\.c"),
            ([b"bytes"], r"\$\[0\]"),
            ({"t": time_of_day(1)}, r"\$\.t"),
            ({"k": Secret("canary")}, r"\$\.k"),
            ({"o": object()}, r"\$\.o"),
            ({None: 1}, r"\$"),
            ({True: 1}, r"\$"),
            ({"x": {1: "a", "1": "b"}}, r"\$\.x"),
            ({"when": datetime.min.replace(tzinfo=timezone(timedelta(hours=2)))}, r"\$\.when"),
        ],
    )
    def test_what_cannot_be_sent_is_named_with_its_path(self, value: Any, path: str) -> None:
        with pytest.raises(InvalidValue, match=path) as caught:
            codec.dumps(value)
        assert "canary" not in str(caught.value)

    def test_what_contains_itself_is_refused(self) -> None:
        loop: list[Any] = []
        loop.append(loop)
        with pytest.raises(InvalidValue, match="itself"):
            codec.dumps(loop)

    def test_what_was_given_is_not_changed(self) -> None:
        given = {"a": [{"b": (1, 2)}]}
        encoded = codec.encode_value(given)
        encoded["a"][0]["b"].append(3)
        assert given == {"a": [{"b": (1, 2)}]}


class TestDates:
    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2026-07-01T12:00:00", datetime(2026, 7, 1, 12, tzinfo=timezone.utc)),
            ("2026-07-01T12:00:00.250", datetime(2026, 7, 1, 12, 0, 0, 250000, timezone.utc)),
        ],
    )
    def test_the_forms_of_the_wire(self, text: str, moment: datetime) -> None:
        assert codec.decode_datetime(text) == moment
        assert codec.decode_datetime(text).tzinfo is timezone.utc  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "2026-13-45T12:00:00",
            "2026-07-01 12:00:00",
            "2026-07-01T12:00:00Z",
            "2026-07-01T12:00:00+02",
            "2026-07-01T12:00:00,250",
            "2026-07-01T12:00:00.25000",
            "2026-07-01T12:00",
            "2026-07-01",
            "2026-07-01T12.00.00",
            "a day to remember!!",
            "2026-W27-3T12:00:00",
        ],
    )
    def test_anything_else_is_no_date(self, text: str) -> None:
        assert codec.decode_datetime(text) is None


class TestDecoding:
    @pytest.fixture(params=["fast", "strict"])
    def loads(self, request: pytest.FixtureRequest) -> Any:
        return codec.loads if request.param == "fast" else codec._strict_loads

    def test_documents(self, loads: Any) -> None:
        assert loads('{"a": ["å", 1, 2.5, null, true]}'.encode()) == {"a": ["å", 1, 2.5, None, True]}
        assert loads(rb'"\ud800"') == "\ud800"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"NaN",
            b'{"a": Infinity}',
            b'{"a": -Infinity}',
            b"\xff",
            b'"\xe5"',
            b"{",
            b"{'a': 1}",
            b"[1,]",
            b"1 2",
        ],
    )
    def test_what_is_not_strict_json_is_refused(self, loads: Any, body: bytes) -> None:
        with pytest.raises(ProtocolError):
            loads(body)

    def test_deep_nesting_is_refused(self, loads: Any) -> None:
        with pytest.raises(ProtocolError):
            loads(b"[" * 200_000 + b"]" * 200_000)


class TestPacking:
    def test_the_estimate(self) -> None:
        assert (
            codec.payload_size({"ab": "cde", "f": [1, 2.5, True, None, "xy"]})
            == 2 + 3 + 1 + 10 + 10 + 10 + 0 + 2
        )
        assert codec.payload_size({7: {}}) == 1

    def test_round_trip_and_form(self) -> None:
        data = {"tasks": ["a" * 200_000, {"å": None}]}
        text = codec.compress(data)
        assert json.loads(gzip.decompress(base64.b64decode(text, validate=True)).decode("ascii")) == data
        assert codec.compress(data) == text
        assert codec.decompress(text, 1_000_000) == data

    def test_a_bomb_stops_at_the_cap(self) -> None:
        with pytest.raises(ProtocolError, match="1000 bytes"):
            codec.decompress(codec.compress("0" * 10_000_000), 1_000)

    @pytest.mark.parametrize("text", ["%", "aGVq", base64.b64encode(gzip.compress(b"[1]")[:-9]).decode()])
    def test_what_is_not_packed_is_refused(self, text: str) -> None:
        with pytest.raises(ProtocolError, match="gz_data"):
            codec.decompress(text, 1_000)


def test_the_query_string_keeps_what_the_published_client_keeps() -> None:
    text = '{"a": "b+c/d~e_f.g-h%&=?#å"}'.replace("å", "\\u00e5")
    quoted = codec.quote_document(text)
    assert quoted == "%7B%22a%22%3A%20%22b%2Bc/d~e_f.g-h%25%26%3D%3F%23%5Cu00e5%22%7D"
    assert unquote(quoted) == text


@given(st.text(st.characters(min_codepoint=0, max_codepoint=127)))
def test_the_query_string_is_that_of_the_standard_library(text: str) -> None:
    assert codec.quote_document(text) == quote(text, safe="/~")
