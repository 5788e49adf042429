"""The log that one session keeps for itself, apart from the logging of the process."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    import os

__all__ = ["own_logger"]

_FORMAT = "%(asctime)s %(levelname)s accsyn_orm: %(message)s"


def own_logger(verbose: bool, path_logfile: str | os.PathLike[str] | None) -> logging.Logger | None:
    """
    Make the logger of one session, or none where none was asked for.

    It stands outside of the process's tree of loggers: nothing that it says reaches the root logger, and
    nothing that an application sets up for its own loggers applies to it.

    Args:
        verbose: Write requests and answers, not only a line for each.
        path_logfile: The file to append to; standard error where it is not given.

    Raises:
        ConfigurationError: The file cannot be opened.
    """
    if not verbose and not path_logfile:
        return None
    handler: logging.Handler
    if path_logfile:
        try:
            handler = logging.FileHandler(path_logfile, encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"path_logfile={str(path_logfile)!r} cannot be opened ({error.strerror}): name a file in a "
                "directory that can be written to"
            ) from None
    else:
        handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_FORMAT))
    level = logging.DEBUG if verbose else logging.INFO
    logger = logging.Logger("accsyn_orm.session", level)  # noqa: LOG001 - getLogger would keep it for ever
    logger.addHandler(handler)
    return logger
