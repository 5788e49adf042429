"""Laws of the codec."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st

from accsyn_orm.wire import codec

ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Stockholm",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Africa/Casablanca",
    ]
).map(ZoneInfo)
LOCAL = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=ZONES, allow_imaginary=False)  # noqa: DTZ001
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(LOCAL, st.sampled_from([0, 1]))
def test_a_time_in_any_zone_round_trips_to_the_second(moment: datetime, fold: int) -> None:
    moment = moment.replace(fold=fold)
    text = codec.encode_value(moment)
    back = codec.decode_datetime(text)
    assert back == moment.astimezone(timezone.utc).replace(microsecond=0)
    assert codec.encode_value(back) == text


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)), st.sampled_from([0, 1]))  # noqa: DTZ001
def test_a_time_without_zone_is_the_local_time_of_its_date(moment: datetime, fold: int) -> None:
    moment = moment.replace(fold=fold, microsecond=0)
    back = codec.decode_datetime(codec.encode_value(moment))
    assert back is not None
    assert back == moment.astimezone()


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), st.integers(-23, 23))  # noqa: DTZ001
def test_fixed_offsets_round_trip_over_all_years(moment: datetime, hours: int) -> None:
    aware = moment.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    assert codec.decode_datetime(codec.encode_value(aware)) == aware


@given(st.text())
def test_reading_a_text_as_a_date_never_fails(text: str) -> None:
    moment = codec.decode_datetime(text)
    assert moment is None or codec.encode_value(moment) == text[:19]


@given(PLAIN)
def test_payloads_round_trip(value: Any) -> None:
    assert codec.encode_value(value) == value
    text = codec.dumps(value)
    assert text.isascii()
    assert codec.loads(text.encode()) == value == json.loads(text)
    assert codec.decompress(codec.compress(value), 1_000_000) == value
    assert codec.payload_size(value) >= 0
