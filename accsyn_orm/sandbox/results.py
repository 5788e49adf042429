"""What an operation returns where its answer has no `result`."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["Flat"]


@attrs.frozen
class Flat:
    """
    An answer that stands at the top level of the document, such as `{"api_key": ...}`.

    Args:
        answer: The document.
    """

    answer: dict[str, Any]
