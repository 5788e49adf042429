"""`to_arrow()`, `to_dataframe()`, `to_parquet()`: query sets as tables of typed columns."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

from ..errors import QueryError
from .arrow_columns import ArrowColumns, import_extra
from .bars import told_of_rows
from .description import most_rows
from .listing import row_pages
from .sorting import whole_rows

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd
    import pyarrow as pa

    from ..mapping.fields import Field
    from ..mapping.protocols import RowSource
    from .bars import RowProgress
    from .description import Description

__all__ = ["Framing"]

# Rows of a Parquet row group: readers are slow on smaller ones, and larger ones would have to be held in memory.
_GROUP = 10_000
# From the method of the query set that was called to the caller.
_CALLER = 3


class Framing:
    """
    What can be had as a table of typed columns.

    The columns follow from the declaration: an empty table has them too, and what the class does not declare is left
    out. Entities are not made, and changes that were not committed are not in the table.
    """

    def to_arrow(self, *, progress: RowProgress = None) -> pa.Table:
        """
        Fetch what matches as an Arrow table.

        Whole numbers are int64, numbers float64, points in time timestamp[us, tz=UTC], text with known choices a
        dictionary of them, references ids, objects and lists JSON text.

        Args:
            progress: Is told after each page how many rows there are; True shows a bar (needs rich or tqdm).

        Raises:
            ConfigurationError: pyarrow is not installed.

        Warns:
            UnfitValueWarning: Values are not of their column's type, and null in the table.
        """
        return self._table(progress)

    def to_dataframe(self, *, progress: RowProgress = None) -> pd.DataFrame:
        """
        Fetch what matches as a pandas data frame.

        Whole numbers are Int64 and yes or no is boolean, both with `<NA>`; numbers are float64, points in time
        datetime64[us, UTC], text with known choices a category, other text string.

        Args:
            progress: As for `to_arrow`, which has the rest.

        Raises:
            ConfigurationError: pandas or pyarrow is not installed.

        Warns:
            UnfitValueWarning: Values are not of their column's type, and missing in the table.
        """
        pandas, pyarrow = import_extra("pandas"), import_extra("pyarrow")
        types = {
            pyarrow.int64(): pandas.Int64Dtype(),
            pyarrow.bool_(): pandas.BooleanDtype(),
            pyarrow.string(): pandas.StringDtype(),
        }
        frame: pd.DataFrame = self._table(progress).to_pandas(types_mapper=types.get)
        return frame

    def to_parquet(
        self,
        path: str | os.PathLike[str],
        *,
        row_group_size: int = _GROUP,
        compression: str = "zstd",
        progress: RowProgress = None,
    ) -> int:
        """
        Fetch what matches into a Parquet file, page by page; return the number of rows.

        Only one row group is held in memory, unless the query set is sorted. The file appears when it is complete: it
        is written beside its place, under its name and `.part`, and takes the place of one that is there.

        Args:
            path: The file.
            row_group_size: Rows of a row group, at least; each ends with a page.
            compression: As pyarrow takes it: `zstd`, `snappy`, `gzip`, `none`, ….
            progress: As for `to_arrow`, which has the types of the columns.

        Raises:
            ConfigurationError: pyarrow is not installed.
            OSError: The file cannot be written.

        Warns:
            UnfitValueWarning: Values are not of their column's type, and null in the table.
        """
        if isinstance(row_group_size, bool) or not isinstance(row_group_size, int) or row_group_size < 1:
            raise QueryError(f"row_group_size is {row_group_size!r}; it must be a whole number, 1 or more")
        parquet = import_extra("pyarrow.parquet")
        columns, batches = self._begun(progress)
        place = pathlib.Path(path)
        part = place.with_name(f"{place.name}.part")
        count = 0
        try:
            with parquet.ParquetWriter(part, columns.schema, compression=compression) as writer:
                for group in _groups(batches, row_group_size):
                    table = columns.table(group)
                    writer.write_table(table, row_group_size=max(1, table.num_rows))
                    count += table.num_rows
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
        columns.warn(_CALLER - 1)
        return count

    if TYPE_CHECKING:

        def _frame(self) -> tuple[Description, RowSource, Sequence[tuple[str, Field]]]: ...

    def _table(self, progress: RowProgress) -> pa.Table:
        columns, batches = self._begun(progress)
        table = columns.table(batches)
        columns.warn(_CALLER)
        return table

    def _begun(self, progress: RowProgress) -> tuple[ArrowColumns, Iterator[pa.RecordBatch]]:
        """Return the columns, and what fetches them page by page."""
        description, source, fields = self._frame()
        columns = ArrowColumns(fields, description.mapper.entitytype)
        return columns, _batches(description, source, columns.batch, progress)


def _batches(
    description: Description,
    source: RowSource,
    batch: Callable[[list[dict[str, Any]]], pa.RecordBatch],
    progress: RowProgress,
) -> Iterator[pa.RecordBatch]:
    bounds = [each for each in (description.count, most_rows(description.expression)) if each is not None]
    with told_of_rows(progress, description.mapper.entitytype, min(bounds, default=None)) as told:
        for rows in _pages(description, source):
            yield batch(rows)
            told(len(rows))


def _pages(description: Description, source: RowSource) -> Iterator[list[dict[str, Any]]]:
    if description.ordering:
        rows = whole_rows(description, source)
        for start in range(0, len(rows), source.page_size):
            yield rows[start : start + source.page_size]
    else:
        for _, page in row_pages(description, source):
            yield page


def _groups(batches: Iterator[pa.RecordBatch], size: int) -> Iterator[list[pa.RecordBatch]]:
    """Yield pages together, as soon as they have that many rows."""
    group: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        group.append(batch)
        count += batch.num_rows
        if count >= size:
            yield group
            group, count = [], 0
    if group:
        yield group
