"""The faults of the matrix: each kind of the sandbox, in every form that a client could tell apart, made quick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CASES", "DEADLINE", "READ_TIMEOUT", "Case"]

# Seconds. Faults that take longer than these are meant to outlast them.
READ_TIMEOUT = 0.5
DEADLINE = 0.8
_LATE = 0.7
_PAST = "Wed, 21 Oct 2015 07:28:00 GMT"


@attrs.frozen
class Case:
    """One kind of fault with its options."""

    kind: str
    options: Mapping[str, Any] = attrs.field(factory=dict)

    def __str__(self) -> str:
        given = ",".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.kind}({given})" if given else self.kind


def _both(kind: str, **options: Any) -> list[Case]:
    return [Case(kind, {"apply": apply, **options}) for apply in (True, False)]


CASES: list[Case] = [
    # The connection
    Case("reset_before_apply"),
    Case("reset_after_apply"),
    Case("apply_late", {"delay": 0.2}),
    Case("apply_late", {"delay": 0.05}),
    Case("apply_late", {"delay": 0.3, "close": False}),
    *_both("truncate"),
    *_both("truncate", cut="json"),
    Case("truncate", {"keep": 0.0}),
    *_both("trickle", interval=0.05),
    *_both("slow", delay=_LATE),
    Case("close_keep_alive"),
    Case("close_keep_alive", {"when": "next"}),
    # The answer
    *_both("html_502", size=20_000),
    *_both("html_504"),
    Case("status_500_with_result"),
    Case("rate_limited", {"retry_after": 0}),
    Case("rate_limited", {"retry_after": _PAST}),
    Case("rate_limited", {"retry_after": "soon"}),
    Case("unavailable_503"),
    Case("unavailable_503", {"retry_after": 0}),
    Case("unauthorised_401"),
    Case("forbidden_403"),
    Case("session_expired"),
    Case("session_expired", {"status": 200}),
    *_both("no_content_204"),
    *_both("empty_body"),
    Case("not_object", {"value": []}),
    Case("not_object", {"value": None}),
    Case("not_object", {"value": {}}),
    Case("not_object", {"value": 17}),
    Case("redirect"),
    Case("zip_bomb", {"size": 64 << 20}),
    Case("secret_echo"),
    Case("secret_echo", {"status": 500}),
    Case("terminal_escapes"),
    # The rows of an answer
    Case("row_without_id"),
    Case("odd_id"),
    Case("odd_id", {"value": 17}),
    Case("other_id_answered"),
    Case("other_type_answered"),
    Case("wrong_type"),
    Case("nan"),
    Case("duplicate_keys"),
    Case("lone_surrogate"),
    Case("deep_nesting"),
    Case("not_utf8"),
]
