"""Where settings come from: the environment before an env file that was asked for."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Sources"]

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*?)\s*\Z")
_COMMENT = re.compile(r"\s+#.*\Z")
_QUOTED = re.compile(r"(?P<quote>['\"])(?P<text>.*?)(?P=quote)\s*(?:#.*)?\Z")


class Sources:
    """The environment, then the env file; a class, for a traceback with locals shows nothing of it."""

    __slots__ = ("_layers",)

    def __init__(
        self, environ: Mapping[str, str] | None, path_envfile: str | os.PathLike[str] | None
    ) -> None:
        variables = os.environ if environ is None else environ
        path = path_envfile or variables.get("ACCSYN_CREDENTIALS_PATH")
        self._layers = (variables, _read_env_file(Path(path))) if path else (variables,)

    def first(self, *names: str) -> str | None:
        """Return the first value that is set and not empty, a layer after the other."""
        return next((layer[name] for layer in self._layers for name in names if layer.get(name)), None)


def _read_env_file(path: Path) -> dict[str, str]:
    try:
        text = path.expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the env file {str(path)!r} cannot be read ({_reason(error)}): name a UTF-8 text file"
        ) from None
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _ASSIGNMENT.match(line)
        if match and match["name"].startswith("ACCSYN_"):
            found[match["name"]] = _env_value(match["value"])
    return found


def _env_value(text: str) -> str:
    quoted = _QUOTED.match(text)
    if quoted:
        return quoted["text"]
    return "" if text.startswith("#") else _COMMENT.sub("", text)


def _reason(error: Exception) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is not UTF-8"
