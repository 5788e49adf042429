"""The base class of all entities: what every accsyn entity has, and `objects`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import MultipleFound, NotFound
from ..mapping.base import MappedBase
from ..mapping.fields import Mapped, json, text, timestamp
from ..mapping.mapper import MARKER
from ..queryset.manager import Manager
from .readable import readable
from .waiting import Waitable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

__all__ = ["Entity"]

_SERVER = "the server sets it"
# Annotated here and not in the class: there, a class with a manager of its own would have to annotate it too.
_OBJECTS: Manager = Manager()


class Entity(Waitable, MappedBase):
    """
    An accsyn entity.

    A subclass names its entity type, and may declare more fields:

        class Shot(Job):
            shot = text("shot_code")

    The fields here are those that accsyn documents for all entities ("Datatypes"). `__refusals__` says what nobody
    can do with an entity of the class: `create`, `delete`, `deactivate` or `activate`, each with the reason and what
    to do instead; sessions and query sets refuse it before anything is sent.
    """

    DoesNotExist: ClassVar[type[NotFound]] = NotFound
    MultipleObjectsReturned: ClassVar[type[MultipleFound]] = MultipleFound
    __refusals__: ClassVar[Mapping[str, str]] = {}
    objects = _OBJECTS

    id: Mapped[str] = text(create=False, update=False, reason=_SERVER, doc="24 lower-case characters")
    code: Mapped[str] = text(doc="the readable identifier")
    name: Mapped[str] = text(doc="the readable name")
    description: Mapped[str | None] = text(optional=True, doc="free text")
    metadata: Mapped[dict[str, Any]] = json(hidden=[MARKER], doc="an object of the user's own")
    created: Mapped[dt.datetime] = timestamp(create=False, update=False, reason=_SERVER, doc="UTC")
    creator: Mapped[str | None] = text(
        optional=True,
        create=False,
        update=False,
        repeats=True,
        reason=_SERVER,
        doc="who created it: an e-mail, sometimes an id",
    )
    creator_hr: Mapped[str | None] = readable("the creator", "attribute")
    modified: Mapped[dt.datetime] = timestamp(create=False, update=False, reason=_SERVER, doc="UTC")
    modifier: Mapped[str | None] = text(
        optional=True,
        create=False,
        update=False,
        repeats=True,
        reason=_SERVER,
        doc="who changed it last: an e-mail, sometimes an id",
    )
    modifier_hr: Mapped[str | None] = readable("the modifier", "attribute")

    @classmethod
    def _declare(cls) -> None:
        # The errors of a class, as in Django: `except Job.DoesNotExist`.
        where = {
            "__module__": cls.__module__,
            "__doc__": f"Nothing matches, where one {cls.__name__} was asked for.",
        }
        above = next(base for base in cls.__mro__[1:] if issubclass(base, Entity))
        cls.DoesNotExist = type("DoesNotExist", (above.DoesNotExist,), where)
        where["__doc__"] = f"More than one {cls.__name__} matches, where one was asked for."
        cls.MultipleObjectsReturned = type("MultipleObjectsReturned", (above.MultipleObjectsReturned,), where)
