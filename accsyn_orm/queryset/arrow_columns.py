"""From declared fields to Arrow columns, whose types follow from the declaration alone."""

from __future__ import annotations

import json
import math
import warnings
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, UnfitValueWarning
from ..mapping import kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pyarrow as pa

    from ..mapping.fields import Field

__all__ = ["ArrowColumns", "import_extra"]

_LARGEST = 2**63
# Up to here a float that is a whole number is that number, and not one near it.
_EXACT = 2**53
_SHOWN = 60


def import_extra(name: str) -> Any:
    """
    Import a library of the extra `frames`.

    Raises:
        ConfigurationError: It is not installed.
    """
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigurationError(
            f"tables of typed columns are made with {name}, which is not installed:"
            f" pip install 'accsyn-orm[frames]'"
        ) from error


class ArrowColumns:
    """
    The columns of a table.

    Whole numbers are int64, numbers float64, yes or no bool, points in time timestamp[us, tz=UTC]; text that has
    choices is a dictionary of them; references are ids; objects and lists are JSON text. A value that is not of its
    column's type is null, and counted.

    Args:
        fields: Name of the column and field, in order.
        entitytype: For warnings.
    """

    def __init__(self, fields: Sequence[tuple[str, Field]], entitytype: str) -> None:
        self._pa = import_extra("pyarrow")
        self._columns = [_Column(name, field, self._pa) for name, field in fields]
        self._entitytype = entitytype
        self.schema: pa.Schema = self._pa.schema([(each.name, each.type) for each in self._columns])

    def batch(self, rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
        """Return rows as columns."""
        arrays = [column.array(rows) for column in self._columns]
        batch: pa.RecordBatch = self._pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        return batch

    def table(self, batches: Iterable[pa.RecordBatch]) -> pa.Table:
        """Return pages as one table; with none, it has its columns all the same."""
        kept = list(batches) or [self.batch([])]
        table: pa.Table = self._pa.Table.from_batches(kept, schema=self.schema).unify_dictionaries()
        return table

    def warn(self, stacklevel: int) -> None:
        """Warn of what was not of its column's type, once for each column."""
        for column in self._columns:
            if column.unfit:
                values = "value is" if column.unfit == 1 else "values are"
                warnings.warn(
                    f"{column.name} of {self._entitytype}: {column.unfit} {values} not {column.field.kind.wanted}, and"
                    f" null in the table, such as {column.example}",
                    UnfitValueWarning,
                    stacklevel=stacklevel + 1,
                )


class _Column:
    """One column, and what did not fit into it."""

    def __init__(self, name: str, field: Field, pyarrow: Any) -> None:
        self.name, self.field = name, field
        self.unfit = 0
        self.example = ""
        self._pa = pyarrow
        self._convert = _converter(field.kind)
        # The choices that are declared come first, and what the server sends beside them is added.
        self._choices = (
            {choice: place for place, choice in enumerate(field.choices)} if _is_choice(field) else None
        )
        self.type = _type_of(field, pyarrow)

    def array(self, rows: Sequence[Mapping[str, Any]]) -> pa.Array:
        """Return what rows have of the field."""
        wire = self.field.wire
        values = [None if (raw := row.get(wire)) is None else self._value(raw, row) for row in rows]
        if self._choices is None:
            plain: pa.Array = self._pa.array(values, type=self.type)
            return plain
        choices = self._choices
        places = [None if value is None else choices.setdefault(value, len(choices)) for value in values]
        indices = self._pa.array(places, type=self.type.index_type)
        coded: pa.Array = self._pa.DictionaryArray.from_arrays(
            indices, self._pa.array(list(choices), type=self.type.value_type)
        )
        return coded

    def _value(self, raw: Any, row: Mapping[str, Any]) -> Any:
        try:
            return self._convert(raw)
        except (ValueError, OverflowError, RecursionError):
            self.unfit += 1
            if not self.example:
                shown = ascii(raw)
                shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."
                self.example = f"{shown} of {row.get('id')!a}"
            return None


class _UnfitError(ValueError):
    """A value is not of the type of its column."""


def _is_choice(field: Field) -> bool:
    return bool(field.choices) and isinstance(field.kind, kinds.Text)


def _type_of(field: Field, pyarrow: Any) -> Any:
    kind = field.kind
    if _is_choice(field):
        return pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    if isinstance(kind, kinds.Integer):
        return pyarrow.int64()
    if isinstance(kind, kinds.Number):
        return pyarrow.float64()
    if isinstance(kind, kinds.Boolean):
        return pyarrow.bool_()
    if isinstance(kind, kinds.Timestamp):
        return pyarrow.timestamp("us", tz="UTC")
    return pyarrow.string()


def _converter(kind: kinds.Kind) -> Callable[[Any], Any]:
    """Return what makes a value of a column from what the server sent; a ValueError says that it does not fit."""
    if isinstance(kind, (kinds.Text, kinds.Reference)):
        return _text
    if isinstance(kind, kinds.Integer):
        return _integer
    if isinstance(kind, kinds.Number):
        return _number
    if isinstance(kind, kinds.Boolean):
        return _boolean
    if isinstance(kind, kinds.Timestamp):
        return lambda raw: _moment(kind, raw)
    # An object, a list, or a kind of the user's own.
    return lambda raw: _json(kind.from_wire(raw))


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise _UnfitError
    if not raw.isascii():
        raw.encode()  # half a character, which JSON can say and Arrow cannot, is a ValueError
    return raw


def _integer(raw: Any) -> int | None:
    if raw == "":
        return None
    if isinstance(raw, float) and raw.is_integer() and abs(raw) <= _EXACT:
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int) or not -_LARGEST <= raw < _LARGEST:
        raise _UnfitError
    return raw


def _number(raw: Any) -> float | None:
    if raw == "":
        return None
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not math.isfinite(raw):
        raise _UnfitError
    return float(raw)


def _boolean(raw: Any) -> bool | None:
    if raw == "":
        return None
    if not isinstance(raw, bool):
        raise _UnfitError
    return raw


def _moment(kind: kinds.Kind, raw: Any) -> Any:
    if raw == "":
        return None
    moment = kind.from_wire(raw)
    if moment is raw:
        raise _UnfitError
    return moment


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return _text(text)
    except ValueError:
        return json.dumps(value, separators=(",", ":"))
