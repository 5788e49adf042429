"""`accsyn-orm schema`: compare the catalogue with a workspace; write classes for what is missing."""

from __future__ import annotations

import importlib.util
import pathlib
import sys
from typing import Annotated

import typer

from ..entities.base import Entity
from ..errors import ConfigurationError
from ..session.schema import compare, generate
from .connecting import Connection, connects
from .exits import DONE, exits

__all__ = ["app"]

_DIFFERENT = 1
_EPILOG = "Exit codes of diff: 0 equal, 1 different or failed, 2 wrong usage."

Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type", metavar="TYPE", help="Only this entity type; may be repeated.", show_default=False
    ),
]
Classes = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH",
        help="A Python file whose entity classes are compared in place of the catalogue's; may be repeated.",
        show_default=False,
    ),
]

app: typer.Typer = typer.Typer(
    help="Compare the entity classes with what a workspace says of its entity types, for the signed-in role; write"
    " classes for what is missing.",
    epilog=_EPILOG,
)


@app.command(epilog=_EPILOG)
@exits
@connects
def diff(
    connection: Connection,
    types: Types = None,
    classes: Classes = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Print what differs, by entity type."""
    compared = _classes(classes)
    with connection.open() as session:
        difference = compare(session, types=types or None, classes=compared)
    print(difference.to_json() if json else difference.to_text())
    return _DIFFERENT if difference else DONE


@app.command("generate")
@exits
@connects
def generate_classes(
    connection: Connection,
    types: Types = None,
    classes: Classes = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write them to this file, which must not exist yet."
        ),
    ] = None,
) -> int:
    """Print classes for what is missing, as Python source."""
    compared = _classes(classes)
    with connection.open() as session:
        difference = compare(session, types=types or None, classes=compared, sample=True)
    source = generate(difference)
    if output is None:
        print(source, end="")
        return DONE
    try:
        with pathlib.Path(output).open("x", encoding="utf-8") as file:
            file.write(source)
    except OSError as error:
        raise ConfigurationError(f"{output} cannot be written: {error}") from error
    return DONE


def _classes(paths: list[str] | None) -> list[type[Entity]]:
    """Return the entity classes that the files define."""
    return [cls for path in paths or () for cls in _defined_in(pathlib.Path(path))]


def _defined_in(path: pathlib.Path) -> list[type[Entity]]:
    path = path.resolve()
    held = getattr(sys.modules.get(path.stem), "__file__", None)
    name = path.stem if path.stem not in sys.modules or held == str(path) else f"{path.stem}_classes"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigurationError(f"{path} is no Python file: give one that defines entity classes")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    defined = [value for value in vars(module).values() if isinstance(value, type)]
    found = [cls for cls in defined if issubclass(cls, Entity) and cls.__module__ == name]
    return [cls for cls in found if "__mapper__" in cls.__dict__]
