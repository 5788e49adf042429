"""`accsyn-orm find`: list what matches a query, as a table or for a program."""

from __future__ import annotations

import enum
import io
import os
import stat
import sys
import warnings
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ConfigurationError, QueryError
from .columns import column_of, columns_of, usual_columns
from .connecting import Connection, connects
from .entity_types import attributes_of, query_set_of
from .exits import DONE, complain, exits, misuse
from .output import replacing
from .writers import CsvWriter, JsonLinesWriter, JsonWriter, TableWriter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from ..entities.base import Entity
    from ..queryset.query_set import QuerySet
    from .columns import Column
    from .writers import RecordWriter

__all__ = ["find"]

_SCOPES = "Scope"


class Format(str, enum.Enum):
    """How to write what was found."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


@exits
@connects
def find(
    connection: Connection,
    query: Annotated[
        str,
        typer.Argument(metavar="QUERY", help="Such as 'job WHERE status=failed', or 'job' for all of them."),
    ],
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,…",
            help="Fields; also metadata.KEY, and user.code for a field of what a field leads to. By default a table has"
            " those that people know an entity by, JSON what the server sends, and the other formats all fields.",
        ),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TABLE,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    limit: Annotated[int | None, typer.Option(min=0, help="Entities to list at most.")] = None,
    skip: Annotated[int, typer.Option(min=0, help="Entities to leave out first.")] = 0,
    order_by: Annotated[
        str | None,
        typer.Option(metavar="NAME,…", help="Sort by fields, -NAME downwards; everything is fetched first."),
    ] = None,
    parent: Annotated[
        str | None, typer.Option(metavar="ID", help="What they are a part of: the job of tasks.")
    ] = None,
    finished: Annotated[
        bool, typer.Option("--finished", rich_help_panel=_SCOPES, help="Among finished and aborted jobs.")
    ] = False,
    inactive: Annotated[
        bool, typer.Option("--inactive", rich_help_panel=_SCOPES, help="Among deactivated users and shares.")
    ] = False,
    archived: Annotated[
        bool, typer.Option("--archived", rich_help_panel=_SCOPES, help="Among what was purged or archived.")
    ] = False,
    any_scope: Annotated[
        bool, typer.Option("--any-scope", rich_help_panel=_SCOPES, help="Everywhere.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to this file, over what it holds."),
    ] = None,
) -> int:
    """List what matches a query, as it comes."""
    form = Format.JSON if json else form
    with misuse():
        wanted = query_set_of(query)
        shown = _columns(wanted, columns, form)
        wanted = _scoped(wanted, finished=finished, inactive=inactive, archived=archived, any_scope=any_scope)
        wanted = wanted if parent is None else wanted.within(parent)
        wanted = wanted.order_by(*_split(order_by)) if order_by else wanted
        wanted = (
            wanted[skip : None if limit is None else skip + limit] if skip or limit is not None else wanted
        )
        _check_output(form, output, shown)
    with connection.open() as session:
        found = wanted.using(session)
        if form is Format.PARQUET:
            _write_parquet(found, shown, str(output))
        else:
            _write(found, shown, form, output, gives_way=columns is None)
    return DONE


def _columns(wanted: QuerySet[Entity], names: str | None, form: Format) -> list[Column]:
    """Return the columns; none of them where it is to be all that the server sends."""
    mapper = wanted.description.mapper
    if names is not None:
        return columns_of(mapper, names)
    if form is Format.TABLE:
        return usual_columns(mapper)
    if form in {Format.JSON, Format.JSONL}:
        return []
    return [column_of(mapper, name) for name in mapper.fields]


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",")]


def _scoped(wanted: QuerySet[Entity], **scopes: bool) -> QuerySet[Entity]:
    named = [name for name, asked in scopes.items() if asked]
    if len(named) > 1:
        options = " and ".join(f"--{name.replace('_', '-')}" for name in named)
        raise QueryError(f"{options} exclude each other: --any-scope looks everywhere")
    narrowed: QuerySet[Entity] = getattr(wanted, named[0])() if named else wanted
    return narrowed


def _check_output(form: Format, output: str | None, shown: Sequence[Column]) -> None:
    if form is Format.PARQUET and output is None:
        raise QueryError("parquet is no text: name the file to write with --output FILE")
    deep = [column.name for column in shown if column.keys or column.beyond is not None]
    if form is Format.PARQUET and deep:
        raise QueryError(f"{deep[0]!r} is no field: the columns of a parquet file are fields alone")
    if form is Format.TABLE and output is not None:
        raise QueryError(
            "a table is for people to look at: --output takes --format json, jsonl, csv or parquet"
        )


def _write(
    found: QuerySet[Entity], shown: Sequence[Column], form: Format, output: str | None, *, gives_way: bool
) -> None:
    if output is None:
        bar = sys.stderr.isatty() and _is_file(sys.stdout)
        writer = (
            TableWriter([column.name for column in shown], gives_way=gives_way)
            if form is Format.TABLE
            else _writer(form, shown, sys.stdout)
        )
        _write_records(found, shown, writer, bar=bar)
        return
    # Half of a surrogate pair, which JSON can carry and UTF-8 cannot, is written as its number.
    lenient = "backslashreplace"
    with (
        replacing(output) as path,
        path.open("w", encoding="utf-8", newline="", errors=lenient) as stream,
    ):
        _write_records(found, shown, _writer(form, shown, stream), bar=sys.stderr.isatty())


def _writer(form: Format, shown: Sequence[Column], stream: TextIO) -> RecordWriter:
    if form is Format.CSV:
        return CsvWriter([column.name for column in shown], stream)
    return JsonWriter(stream) if form is Format.JSON else JsonLinesWriter(stream)


def _write_records(
    found: QuerySet[Entity], shown: Sequence[Column], writer: RecordWriter, *, bar: bool
) -> None:
    found = _loading(found, shown) if shown else found
    for entity in found.iterator(progress=bar):
        writer.write({column.name: column.value(entity) for column in shown} or attributes_of(entity))
    writer.finish()


def _loading(found: QuerySet[Entity], shown: Sequence[Column]) -> QuerySet[Entity]:
    """Return the query set that asks for the columns alone, and for what they lead to a page at a time."""
    names = dict.fromkeys([column.field.name for column in shown])
    names |= dict.fromkeys(field.name for field, _ in found.description.ordering)
    related = dict.fromkeys(column.field.name for column in shown if column.beyond is not None)
    return found.only(*names).select_related(*related)


def _write_parquet(found: QuerySet[Entity], shown: Sequence[Column], output: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            _loading(found, shown).to_parquet(output, progress=sys.stderr.isatty())
        except OSError as error:
            raise ConfigurationError(f"{output} cannot be written: {error.strerror or error}") from error
    for warning in caught:
        complain(f"warning: {warning.message}")


def _is_file(stream: TextIO) -> bool:
    """Whether a stream ends in a file; a pipe may lead to a program that shows what it reads, as `less` does."""
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except io.UnsupportedOperation:
        return False
