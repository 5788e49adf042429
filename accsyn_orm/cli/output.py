"""Files that the command writes: whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["replacing"]


@contextlib.contextmanager
def replacing(path: str) -> Iterator[pathlib.Path]:
    """
    Give a block a new file beside a path to write, which takes its place when the block is through.

    Raises:
        ConfigurationError: It cannot be written there.
    """
    target = pathlib.Path(path)
    made: pathlib.Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
        made = pathlib.Path(name)
        made.chmod(0o666 & ~_mask())
        yield made
        made.replace(target)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        if made is not None:
            made.unlink(missing_ok=True)


def _mask() -> int:
    """Return which rights new files do not get; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
