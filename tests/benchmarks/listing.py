"""Listing: against the published client and against requests with the same decoder; with a distant server, read ahead."""

from __future__ import annotations

import sys

from .canned import CannedServer
from .clients import floor, ours, published, session_of
from .figures import Bar, Figure, interleaved

__all__ = ["distant", "near", "near_without_orjson"]

TOTAL, PAGE = 20_000, 500
ROUNDS, FEW_ROUNDS = 15, 3
LATENCY, AHEAD = 0.1, 8


def near() -> list[Figure]:
    """List on loopback, decoding with orjson."""
    return [
        *_side_by_side("http, orjson", tls=False, faster=12, dearer=1.1),
        *_side_by_side("TLS, orjson", tls=True, faster=18, dearer=1.1),
    ]


def near_without_orjson() -> list[Figure]:
    """List on loopback, decoding with the standard library; this process must not have imported orjson."""
    sys.modules["orjson"] = None  # type: ignore[assignment] # an import of it fails from here on
    return [
        *_side_by_side("http, json", tls=False, faster=9, dearer=1.2),
        *_side_by_side("TLS, json", tls=True, faster=14, dearer=1.2),
    ]


def _side_by_side(how: str, *, tls: bool, faster: float, dearer: float) -> list[Figure]:
    with CannedServer(TOTAL, PAGE, tls=tls) as server, session_of(server) as session:
        seconds = interleaved(
            {
                "ours": ours(session, PAGE),
                "published": published(server, TOTAL, PAGE),
                "floor": floor(server, TOTAL, PAGE),
            },
            ROUNDS,
            TOTAL,
        )
    each = {name: taken / TOTAL * 1e6 for name, taken in seconds.items()}
    return [
        Figure(f"list {TOTAL:,} jobs ({how})", each["ours"], "µs"),
        Figure(f"the published client ({how})", each["published"], "µs"),
        Figure(f"requests and a decoder, to dictionaries ({how})", each["floor"], "µs"),
        Figure(
            f"faster than the published client ({how})",
            each["published"] / each["ours"],
            "×",
            Bar("≥", faster),
        ),
        Figure(
            f"time of requests and a decoder ({how})", each["ours"] / each["floor"], "×", Bar("≤", dearer)
        ),
    ]


def distant() -> list[Figure]:
    """List from a server that takes its time."""
    how = f"{LATENCY * 1000:.0f} ms a request, read_ahead={AHEAD}"
    with CannedServer(TOTAL, PAGE, LATENCY) as server, session_of(server) as session:
        reading = ours(session, PAGE, AHEAD)
        before = session.request_count
        reading()
        spent = session.request_count - before
        seconds = interleaved(
            {"ours": reading, "published": published(server, TOTAL, PAGE)}, FEW_ROUNDS, TOTAL
        )
    return [
        Figure(
            f"faster than the published client ({how})",
            seconds["published"] / seconds["ours"],
            "×",
            Bar("≥", 5),
        ),
        Figure(f"requests for {TOTAL // PAGE} pages ({how})", spent, "", Bar("≤", TOTAL // PAGE + AHEAD)),
    ]
