"""
Schema drift: what a workspace says of its entity types, against the classes here.

A workspace lists its types and, for each, the attributes that can be read, given on create and changed, as far as the
signed-in role goes (accsyn-python-api documentation, `entitytypes` and `attributes`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue, ProtocolError, QueryError, ServerError
from ..mapping.registry import mappers
from ..wire import codec
from .schema_difference import Attribute, SchemaDifference, TypeDifference, Writability
from .schema_source import generate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..entities.base import Entity
    from ..mapping.mapper import Mapper
    from .session import Session

__all__ = ["Attribute", "SchemaDifference", "TypeDifference", "Writability", "compare", "generate"]

# These may do all that there is to do, so that what is not theirs is nobody's (cloudadmin: 2021).
_WHOLE_ROLES = frozenset({"admin", "cloudadmin"})
_NAMES = ("name", "attribute", "code", "id")
# Words that servers may use for kinds; nothing documents them.
_KINDS = {
    **dict.fromkeys(("text", "str", "string"), "text"),
    **dict.fromkeys(("integer", "int", "long"), "integer"),
    **dict.fromkeys(("number", "float", "double"), "number"),
    **dict.fromkeys(("boolean", "bool"), "boolean"),
    **dict.fromkeys(("timestamp", "date", "datetime"), "timestamp"),
    **dict.fromkeys(("json", "object", "dict", "list", "array"), "json"),
}
_SAMPLED = 20


def compare(
    session: Session,
    *,
    types: Iterable[str] | None = None,
    classes: Iterable[type[Entity]] = (),
    sample: bool = False,
) -> SchemaDifference:
    """
    Compare the catalogue with a workspace; three requests for each entity type.

    For an admin, whatever differs is a difference. Other roles are told what they may do, which is less than the
    catalogue knows: less is noted as restricted, and more is a difference.

    Args:
        session: A session that is signed in to the workspace.
        types: The entity types to compare; all by default.
        classes: Classes to be taken in place of the catalogue's, or beside them, such as generated ones.
        sample: Whether to look at entities, one more request for a type with missing attributes, to tell their kinds.

    Raises:
        InvalidValue: No such entity type, here and there.
        ProtocolError: The answers have another form than documented.
        AccsynError: The workspace cannot be asked.
    """
    here = {mapper.entitytype: mapper for mapper in mappers() if _of_the_catalogue(mapper)}
    here |= {cls.__mapper__.entitytype: cls.__mapper__ for cls in classes}
    there = {attribute.name.lower() for attribute in _listed(session.find("entitytypes"), "entitytypes")}
    wanted = _wanted(types, here, there)
    known = sorted(wanted & there)
    found = [_Comparison(session, entitytype, here.get(entitytype), sample).run() for entitytype in known]
    lacking = tuple(sorted(wanted - there))
    whole = session.role in _WHOLE_ROLES
    return SchemaDifference(
        session.workspace,
        session.role,
        tuple(each for each in found if each or each.restricted or each.refused),
        absent=lacking if whole else (),
        restricted=() if whole else lacking,
        compared=len(known),
    )


def _of_the_catalogue(mapper: Mapper) -> bool:
    return mapper.cls.__module__.startswith(f"{__name__.partition('.')[0]}.entities.")


def _wanted(types: Iterable[str] | None, here: dict[str, Mapper], there: set[str]) -> set[str]:
    every = here.keys() | there
    if types is None:
        return every
    wanted = {each.lower() for each in types}
    for name in sorted(wanted - every):
        raise InvalidValue(f"no entity type {name!r}; there are {', '.join(sorted(every))}")
    return wanted


class _Comparison:
    """The comparison of one entity type."""

    def __init__(self, session: Session, entitytype: str, mapper: Mapper | None, sample: bool) -> None:
        self._session = session
        self._type = entitytype
        self._mapper = mapper
        self._sample = sample
        self._whole = session.role in _WHOLE_ROLES

    def run(self) -> TypeDifference:
        """Ask, and return what differs."""
        cls: Any = None if self._mapper is None else self._mapper.cls
        try:
            there = self._there()
        except (ServerError, QueryError, InvalidValue) as error:
            # Refused there, or here: a type whose name cannot be written in a query.
            return TypeDifference(self._type, cls, refused=error.message)
        here = self._here(there)
        missing = [attribute for name, attribute in there.items() if name not in here]
        unknown = tuple(name for name in here if name not in there)
        restricted: list[str] = []
        writability = []
        for name in here.keys() & there.keys():
            pair = Writability(here[name], there[name])
            if self._differs(pair):
                writability.append(pair)
            elif pair.here.create != pair.there.create or pair.here.update != pair.there.update:
                restricted.append(f"{name} ({_withheld(pair)})")
        if not self._whole:
            restricted += unknown
        return TypeDifference(
            self._type,
            cls,
            tuple(self._with_kinds(missing)),
            unknown if self._whole else (),
            tuple(sorted(writability, key=lambda pair: pair.here.name)),
            tuple(sorted(restricted)),
        )

    def _there(self) -> dict[str, Attribute]:
        found: dict[str, Attribute] = {}
        for create, update in ((False, False), (True, False), (False, True)):
            rows = self._session.find(
                f"attributes WHERE entitytype={self._type}", create=create, update=update
            )
            for row in _listed(rows, f"attributes of {self._type}"):
                before = found.get(row.name, row)
                found[row.name] = Attribute(
                    row.name, before.create or create, before.update or update, before.kind or row.kind
                )
        return found

    def _here(self, there: dict[str, Attribute]) -> dict[str, Attribute]:
        """Return what the class declares; the parent of a part travels beside it, whatever is told of it."""
        mapper = self._mapper
        if mapper is None:
            return {}
        found = {
            field.wire: Attribute(field.wire, field.create, field.update) for field in mapper.fields.values()
        }
        wire = mapper.fields[mapper.parent].wire if mapper.parent is not None else ""
        if wire in there:
            found[wire] = Attribute(wire, there[wire].create, found[wire].update)
        return found

    def _differs(self, pair: Writability) -> bool:
        more = (pair.there.create and not pair.here.create) or (pair.there.update and not pair.here.update)
        less = (pair.here.create and not pair.there.create) or (pair.here.update and not pair.there.update)
        return more or (less and self._whole)

    def _with_kinds(self, missing: list[Attribute]) -> Iterator[Attribute]:
        """Yield the missing attributes, with the kinds of the values that entities have, where those are wanted."""
        untold = [attribute.name for attribute in missing if attribute.kind is None]
        parts = self._mapper is not None and self._mapper.parent is not None
        rows: list[Any] = []
        if untold and self._sample and not parts:
            try:
                rows = self._session.find(self._type, attributes=untold, limit=_SAMPLED)
            except ServerError:
                rows = []
        for attribute in missing:
            values = [row.get(attribute.name) for row in rows]
            kind = attribute.kind or _kind_of([value for value in values if value is not None])
            yield Attribute(attribute.name, attribute.create, attribute.update, kind)


def _withheld(pair: Writability) -> str:
    verbs = ("create", "update")
    return " and ".join(verb for verb in verbs if getattr(pair.here, verb) and not getattr(pair.there, verb))


def _listed(rows: Any, what: str) -> list[Attribute]:
    """
    Return names with kinds, from a list of names or of objects; the published client's own tests allow both.

    Raises:
        ProtocolError: An item is neither, or an object without a name.
    """
    return [_attribute(row, f"the list of {what} @ $.result[{index}]") for index, row in enumerate(rows)]


def _attribute(row: Any, where: str) -> Attribute:
    if isinstance(row, str):
        return Attribute(row)
    if isinstance(row, dict):
        if len(row) == 1:
            ((name, value),) = row.items()
            if isinstance(value, dict):
                return _attribute({**value, "name": name}, where)
        named = [row[key] for key in _NAMES if isinstance(row.get(key), str)]
        if named:
            return Attribute(named[0], kind=_KINDS.get(str(row.get("type", "")).lower()))
    raise ProtocolError(f"{where} has {row!r}: a name was expected, or an object with one")


def _kind_of(values: list[Any]) -> str | None:
    """Return the kind that all values have; `json` for a mixture, None where there is none."""
    kinds = {_kind_of_one(value) for value in values}
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else ("json" if kinds else None)


def _kind_of_one(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "integer" if isinstance(value, int) else "number"
    if isinstance(value, str):
        return "text" if codec.decode_datetime(value) is None else "timestamp"
    return "json"
