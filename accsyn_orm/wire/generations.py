"""The generations of the protocol by name, as `protocol=` says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .dialect_v1 import V1, V30, V31
from .dialects import V3

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GENERATIONS"]

GENERATIONS: Mapping[str, type[V3]] = {kind.name: kind for kind in (V1, V30, V31, V3)}
