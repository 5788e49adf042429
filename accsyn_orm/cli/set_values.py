"""`accsyn-orm set`: change fields of one entity, plan first."""

from __future__ import annotations

import json as jsonlib
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .assignments import assignment_of
from .connecting import Connection, connects
from .entity_types import class_of, complete_type, entity_of
from .exits import DONE, FAILED, exits, misuse
from .terminal import agreed, json_text

if TYPE_CHECKING:
    from ..session.plan import Plan

__all__ = ["set_values"]


@exits
@connects
def set_values(
    connection: Connection,
    entitytype: Annotated[
        str,
        typer.Argument(metavar="TYPE", help="Such as job, user or queue.", autocompletion=complete_type),
    ],
    ident: Annotated[str, typer.Argument(metavar="ID", help="Its id.")],
    assignments: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=VALUE…",
            help="Such as status=aborted or metadata.shot=SH010; NAME:=JSON for null, objects and lists.",
        ),
    ],
    parent: Annotated[
        str | None, typer.Option(metavar="ID", help="What it is a part of: the job of a task.")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Print what would be sent, and send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before sending.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the plan, and what became of it, as JSON.")
    ] = False,
) -> int:
    """Change fields of one entity: shows what will be sent, asks, and sends it."""
    with misuse():
        cls = class_of(entitytype)
        given = [assignment_of(cls.__mapper__, text) for text in assignments]
    with connection.open() as session:
        entity = entity_of(session, cls, ident, parent)
        with misuse():
            for assignment in given:
                assignment.apply(entity)
        planned = session.plan()
        if not json:
            print(planned.to_text())
        if plan or not planned:
            return _told(planned, "planned" if planned else "nothing to do", json)
        if not (yes or agreed("Send this?", sys.stderr if json else sys.stdout)):
            return _told(planned, "not agreed to", json, FAILED)
        result = session.commit()
    if not json:
        print(result)
    return _told(planned, "applied", json)


def _told(plan: Plan, became: str, json: bool, code: int = DONE) -> int:
    if json:
        print(json_text({"plan": jsonlib.loads(plan.to_json()), "result": became}, indent=2))
    return code
