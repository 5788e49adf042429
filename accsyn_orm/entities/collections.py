"""Collections and their files (accsyn documentation, "Sharing files", collections)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..errors import InvalidValue
from ..mapping.fields import Mapped, absent, integer, json, reference, text
from ..queryset.collection import RelatedSet
from .base import Entity
from .created import created_parts
from .lifecycle import Deactivatable
from .parties import party_of, stored_id
from .shares import InVolume

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..mapping.protocols import Caller

__all__ = ["Collection", "File"]

_ADDED = "it belongs to the file itself, which the collection only names"


class Collection(Deactivatable, InVolume, entitytype="collection"):
    """
    Files and folders of several shares, shared as one virtual folder.

    Source: accsyn documentation, "Sharing files", collections. Its files are given on create, in `initial_files`;
    afterwards they are `collection.files`, added and removed by calls of their own.
    """

    initial_files: Mapped[list[str] | None] = json(
        "files",
        shape=list[str],
        update=False,
        reason="use collection.add_files([…]) and collection.remove_files([…])",
        doc="on create: accsyn paths, such as volume=assets/templates; never absolute ones",
    )

    files: RelatedSet[File] = RelatedSet("File")

    def add_files(self, paths: Iterable[str]) -> list[File]:
        """
        Add files and folders; sent at once, with one request, and no part of a commit.

        Args:
            paths: accsyn paths, such as `share=thefilm/ref/mp_ref.tif`.

        Returns:
            The files as the server names them; none where it says only that it worked.
        """
        wanted = _listed("add_files", paths)
        session: Caller = self._session()
        ident = stored_id(self)
        created = session.create("file", {"files": wanted}, ident)
        return cast("list[File]", created_parts(session, File.__mapper__, created, ident))

    def remove_files(self, files: Iterable[File | str]) -> bool:
        """
        Take files and folders out; sent at once, with one request. The files themselves stay where they are.

        Args:
            files: Those of `collection.files`, or their ids.

        Returns:
            True.
        """
        wanted = [party_of(file, "file") for file in _listed("remove_files", files)]
        session: Caller = self._session()
        return bool(session.delete_many("collection", stored_id(self), {"files": wanted}))


def _listed(call: str, files: Iterable[Any]) -> list[Any]:
    wanted = [] if isinstance(files, str) else list(files)
    if not wanted:
        raise InvalidValue(f"{call}({files!r}) names no file: give a list of at least one")
    return wanted


class File(Entity, entitytype="file", parent="collection"):
    """
    An item of a collection: a file or a folder; its id is a uuid.

    Source: accsyn documentation, "Sharing files", collections, which names nothing but the id, and the form in which
    files are added. A part of its collection, and found within it: `collection.files`. The other attributes are the
    sandbox's; a server may send others, which are readable.
    """

    id: Mapped[str] = text(create=False, update=False, reason="the server sets it", doc="a uuid")
    code: Mapped[str] = absent(_ADDED)
    description: Mapped[str | None] = absent(_ADDED)
    metadata: Mapped[dict[str, Any]] = absent(_ADDED)
    creator: Mapped[str | None] = absent(_ADDED)
    creator_hr: Mapped[str | None] = absent(_ADDED)
    modifier: Mapped[str | None] = absent(_ADDED)
    modifier_hr: Mapped[str | None] = absent(_ADDED)
    collection: Mapped[Collection] = reference(
        "Collection", "parent", update=False, reason="a file stays in its collection", doc="the collection"
    )
    collection_id: Mapped[str]
    collection_hr: Mapped[str | None] = text(
        "parent_hr",
        optional=True,
        create=False,
        update=False,
        repeats=True,
        reason="the server derives it from the reference beside it",
        doc="the collection, readable",
    )
    path: Mapped[str | None] = text(
        optional=True,
        update=False,
        reason="add another file instead",
        doc="accsyn path, such as share=thefilm/ref/mp_ref.tif; not documented",
    )
    size: Mapped[int] = integer(
        create=False, update=False, reason="the server measures it", doc="bytes; not documented"
    )
    files: Mapped[list[str] | None] = json(
        shape=list[str],
        update=False,
        reason="accsyn takes it only when a file is added",
        doc="on create: accsyn paths, such as share=thefilm/ref/mp_ref.tif",
    )
