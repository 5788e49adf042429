"""
The kinds of faults as data: the name of each, and its options with what they are where nobody says otherwise.

`apply` says whether the request is carried out before it goes wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS"]

KINDS: Mapping[str, Mapping[str, Any]] = {
    # The connection
    "reset_before_apply": {},
    "reset_after_apply": {},
    "apply_late": {"delay": 1.0, "close": True},
    "truncate": {"apply": True, "cut": "content_length", "keep": 0.5},
    "trickle": {"apply": True, "interval": 1.0},
    "slow": {"delay": 1.0, "apply": True},
    "close_keep_alive": {"when": "now"},
    # The answer
    "html_502": {"apply": False, "size": 2000},
    "html_504": {"apply": False, "size": 2000},
    "status_500_with_result": {"apply": True},
    "rate_limited": {"apply": False, "retry_after": 1},
    "unavailable_503": {"apply": False, "retry_after": None},
    "unauthorised_401": {},
    "forbidden_403": {},
    "session_expired": {"status": 401, "end": True},
    "no_content_204": {"apply": True},
    "empty_body": {"apply": True},
    "not_object": {"apply": True, "value": []},
    "redirect": {"apply": False, "location": "http://127.0.0.1:9/api/v3/event", "status": 302},
    "zip_bomb": {"apply": True, "size": 1 << 30},
    "secret_echo": {"apply": False, "status": 400},
    "terminal_escapes": {"apply": False, "status": 400},
    # The pages of a listing
    "more_rows_than_limit": {"extra": 1},
    "duplicate_row_across_pages": {"by": 1},
    "same_page_for_ever": {},
    "clamp_pages": {"to": 10},
    # The rows of an answer
    "row_without_id": {"index": 0},
    "odd_id": {"index": 0, "value": "../../etc/passwd?x=1#"},
    "other_id_answered": {"index": 0},
    "other_type_answered": {"entitytype": "queue"},
    "wrong_type": {"index": 0, "attribute": "name", "value": {"not": ["text"]}},
    "nan": {"index": 0, "attribute": "size"},
    "duplicate_keys": {"index": 0, "attribute": "name"},
    "lone_surrogate": {"index": 0, "attribute": "name"},
    "deep_nesting": {"index": 0, "attribute": "metadata", "depth": 100_000},
    "not_utf8": {"index": 0, "attribute": "name"},
}
