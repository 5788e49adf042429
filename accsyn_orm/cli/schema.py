"""`accsyn-orm schema`: compare the catalogue with a workspace; write classes for what is missing."""

from __future__ import annotations

import importlib.util
import pathlib
import sys
from typing import TYPE_CHECKING, Any

from ..entities.base import Entity
from ..errors import ConfigurationError
from ..session import Session
from ..session.schema import compare, generate

if TYPE_CHECKING:
    import argparse

__all__ = ["add_to"]

_EQUAL, _DIFFERENT = 0, 1


def add_to(verbs: Any) -> None:
    """Add the verb to the command's parser."""
    parser: argparse.ArgumentParser = verbs.add_parser(
        "schema",
        help="compare the entity classes with a workspace",
        description="Compare the entity classes with what a workspace says of its entity types, for the signed-in"
        " role; write classes for what is missing. Where to connect and as whom comes from the arguments, else from"
        " ACCSYN_URL, ACCSYN_WORKSPACE, ACCSYN_API_USER and ACCSYN_API_KEY.",
        epilog="exit codes of diff: 0 equal, 1 different or failed, 2 wrong usage",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    diff = actions.add_parser("diff", help="print what differs, by entity type")
    _add_options(diff)
    diff.add_argument("--json", action="store_true", help="print JSON")
    diff.set_defaults(run=_diff)
    source = actions.add_parser("generate", help="print classes for what is missing, as Python source")
    _add_options(source)
    source.add_argument("--output", metavar="PATH", help="write them to this file, which must not exist yet")
    source.set_defaults(run=_generate)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--type", metavar="T", action="append", dest="types", help="only this entity type; may be repeated"
    )
    parser.add_argument(
        "--classes",
        metavar="PATH",
        action="append",
        default=[],
        help="a Python file whose entity classes are compared in place of the catalogue's; may be repeated",
    )
    parser.add_argument("--workspace", metavar="CODE", help="the workspace")
    parser.add_argument(
        "--user", metavar="E-MAIL", help="the user; the API key is taken from the environment"
    )
    parser.add_argument("--url", metavar="URL", help="scheme, host and port of the server")
    parser.add_argument("--envfile", metavar="PATH", help="a file with ACCSYN_…=value lines")


def _session(options: argparse.Namespace) -> Session:
    return Session(options.workspace, username=options.user, url=options.url, path_envfile=options.envfile)


def _diff(options: argparse.Namespace) -> int:
    classes = _classes(options)
    with _session(options) as session:
        difference = compare(session, types=options.types, classes=classes)
    print(difference.to_json() if options.json else difference.to_text())
    return _DIFFERENT if difference else _EQUAL


def _generate(options: argparse.Namespace) -> int:
    classes = _classes(options)
    with _session(options) as session:
        difference = compare(session, types=options.types, classes=classes, sample=True)
    source = generate(difference)
    if options.output is None:
        print(source, end="")
        return _EQUAL
    try:
        with pathlib.Path(options.output).open("x", encoding="utf-8") as file:
            file.write(source)
    except OSError as error:
        raise ConfigurationError(f"{options.output} cannot be written: {error}") from error
    return _EQUAL


def _classes(options: argparse.Namespace) -> list[type[Entity]]:
    """Return the entity classes that the files define."""
    return [cls for path in options.classes for cls in _defined_in(pathlib.Path(path))]


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
