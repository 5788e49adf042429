"""The base of all mapped instances: slots, tracked assignment, and what reading an empty slot does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import UnknownField
from . import state
from .metaclass import EntityMeta

if TYPE_CHECKING:
    import weakref
    from collections.abc import Mapping

    from .fields import Field
    from .mapper import Mapper
    from .page import Page
    from .protocols import Owner
    from .setters import Setter

__all__ = ["MappedBase"]


class MappedBase(metaclass=EntityMeta):
    """
    An instance of a mapped class.

    Its bookkeeping stands in slots with an underscore, so that no wire name can collide with it:
    `_owner` a weak reference to the session, `_phase` how far it has come, `_original` what changed fields
    held before, `_setters` how texts are set, `_unknown` attributes that the class does not declare, `_links` entities
    that references were set to, `_page` the page that it was loaded with.
    """

    __slots__ = ("__weakref__", "_links", "_original", "_owner", "_page", "_phase", "_setters", "_unknown")

    __mapper__: ClassVar[Mapper]
    __declared__: ClassVar[dict[str, Field]]

    _owner: weakref.ref[Owner] | None
    _phase: state.Phase
    _original: dict[str, Any] | None
    _setters: Mapping[str, Setter]
    _unknown: dict[str, Any] | None
    _links: dict[str, MappedBase] | None
    _page: Page | None

    @classmethod
    def _declare(cls) -> None:
        """Run once for each new class; unlike `__init_subclass__`, not for what only looks like one."""

    def __init__(self, **values: Any) -> None:
        """
        Make a new entity, which exists only here until it is added to a session and committed.

        Raises:
            UnknownField: A name that the class does not declare.
            ReadOnlyField: A field that cannot be given on create.
            InvalidValue: A value that does not fit its field.
        """
        state.prepare(self)
        for name, value in values.items():
            if name not in self.__mapper__.attributes:
                raise self._no_field(name)
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        # The most frequent case, at a fraction of the price of the general one.
        if type(value) is str:
            try:
                self._setters[name](self, value)
            except KeyError:
                pass  # it is not in the table: what follows is right for any
            else:
                return
        field = self.__mapper__.attributes.get(name)
        if field is not None:
            state.assign(self, field, value)
        elif name.startswith("_") or isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)
        elif self._unknown is not None and name in self._unknown:
            raise UnknownField(
                f"{name!r} came from the server but {type(self).__name__} does not declare it, so it is not"
                f" written; declare it in a subclass of yours",
                entity=self.__mapper__.entitytype,
            )
        else:
            raise self._no_field(name)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(
            f"{name!r} cannot be deleted from a {self.__mapper__.entitytype}; set it to None"
        )

    def __getattr__(self, name: str) -> Any:
        # Only reached where a slot is empty, or where there is no such attribute.
        if name.startswith("_"):
            raise AttributeError(name)
        field = self.__mapper__.attributes.get(name)
        if field is not None and name == field.slot:
            return state.read_empty(self, field)
        if self._unknown is not None and name in self._unknown:
            return self._unknown[name]
        if hasattr(type(self), name):
            # It exists, and its own code raised an AttributeError, which is the one to be seen.
            return object.__getattribute__(self, name)
        raise self._no_field(name)

    def _no_field(self, name: str) -> UnknownField:
        """Return the error for a field that the class does not have, with the reason where it says one."""
        try:
            getattr(type(self), name)
        except UnknownField as error:
            return error
        except AttributeError:
            pass
        return self.__mapper__.unknown(name)

    def _follow(self, field: Field) -> MappedBase | None:
        """Return the entity that a reference leads to; may load it."""
        return state.follow(self, field)

    def _session(self) -> Any:
        """Return the session that this entity belongs to."""
        return state.owner_of(self)

    def __repr__(self) -> str:
        shown = [type(self).__name__]
        for name in ("id", "code", "name", "status"):
            field = self.__declared__.get(name)
            value = None if field is None else state.peek(self, field)
            if value not in (None, state.MISSING) and repr(value) not in shown:
                shown.append(value if name in ("id", "status") else repr(value))
        if self._phase is not state.Phase.PERSISTENT:
            shown.append(f"({self._phase.value})")
        elif state.differences(self):
            shown.append("(changed)")
        return f"<{' '.join(str(part) for part in shown)}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError(f"a {type(self).__name__} belongs to its session and cannot be pickled or copied")
