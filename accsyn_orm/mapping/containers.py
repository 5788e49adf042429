"""
Dictionaries and lists that tell their entity before they change.

What stands in a JSON field is a plain dictionary or list in every respect but two: the first change, at any
depth, makes the entity keep the original; and it takes nothing that JSON cannot say. Values are copied in, so
the caller's own object is never tied to the entity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, SupportsIndex

from ..errors import InvalidValue
from ..wire import codec

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["TrackedDict", "TrackedList", "plain", "tracked"]

Notify = Callable[[], None]


def tracked(value: Any, notify: Notify) -> Any:
    """Return a copy of JSON whose containers call `notify` before they change."""
    if isinstance(value, dict):
        return TrackedDict(value, notify)
    if isinstance(value, (list, tuple)):
        return TrackedList(value, notify)
    return value


def plain(value: Any) -> Any:
    """Return a copy of JSON made of plain dictionaries and lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def _taken(value: Any, notify: Notify) -> Any:
    """Return what a container keeps of a value that is put into it."""
    return tracked(codec.encode_value(value), notify)


class TrackedDict(dict[str, Any]):
    """A dictionary that belongs to an entity."""

    __slots__ = ("_notify",)

    def __init__(self, value: dict[str, Any], notify: Notify) -> None:
        super().__init__((key, tracked(item, notify)) for key, item in value.items())
        self._notify = notify

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise InvalidValue(f"the key {key!r} cannot be sent: the keys of a JSON object are text")
        taken = _taken(value, self._notify)
        self._notify()
        super().__setitem__(str(key), taken)

    def __delitem__(self, key: str) -> None:
        self._notify()
        super().__delitem__(key)

    def __ior__(self, other: Any) -> Self:  # type: ignore[override,misc] # the base class has overloads
        self.update(other)
        return self

    def clear(self) -> None:
        """Remove everything."""
        self._notify()
        super().clear()

    def pop(self, key: str, *default: Any) -> Any:
        """Remove a key and return its value."""
        self._notify()
        return super().pop(key, *default)

    def popitem(self) -> tuple[str, Any]:
        """Remove the last pair and return it."""
        self._notify()
        return super().popitem()

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, set to the default if it is not there."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Take over the pairs of another mapping."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        copy: dict[str, Any] = plain(self)
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (plain(self),)


class TrackedList(list[Any]):
    """A list that belongs to an entity."""

    __slots__ = ("_notify",)

    def __init__(self, value: Iterable[Any], notify: Notify) -> None:
        super().__init__(tracked(item, notify) for item in value)
        self._notify = notify

    def __setitem__(self, index: Any, value: Any) -> None:
        many = isinstance(index, slice)
        taken = [_taken(item, self._notify) for item in value] if many else _taken(value, self._notify)
        self._notify()
        super().__setitem__(index, taken)

    def __delitem__(self, index: Any) -> None:
        self._notify()
        super().__delitem__(index)

    def __iadd__(self, other: Iterable[Any]) -> Self:  # type: ignore[misc] # the base class takes only what it holds
        self.extend(other)
        return self

    def __imul__(self, times: SupportsIndex) -> Self:
        self[:] = list(self) * times
        return self

    def append(self, value: Any) -> None:
        """Add a value at the end."""
        taken = _taken(value, self._notify)
        self._notify()
        super().append(taken)

    def extend(self, values: Iterable[Any]) -> None:
        """Add values at the end."""
        taken = [_taken(item, self._notify) for item in values]
        self._notify()
        super().extend(taken)

    def insert(self, index: SupportsIndex, value: Any) -> None:
        """Add a value before an index."""
        taken = _taken(value, self._notify)
        self._notify()
        super().insert(index, taken)

    def pop(self, index: SupportsIndex = -1) -> Any:
        """Remove a value and return it."""
        self._notify()
        return super().pop(index)

    def remove(self, value: Any) -> None:
        """Remove the first such value."""
        self._notify()
        super().remove(value)

    def clear(self) -> None:
        """Remove everything."""
        self._notify()
        super().clear()

    def reverse(self) -> None:
        """Turn the order round."""
        self._notify()
        super().reverse()

    def sort(self, *, key: Any = None, reverse: bool = False) -> None:
        """Sort in place."""
        self._notify()
        super().sort(key=key, reverse=reverse)

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        copy: list[Any] = plain(self)
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (plain(self),)
