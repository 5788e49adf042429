"""Compute jobs and the engines that they run on (accsyn documentation, "Compute")."""

from __future__ import annotations

from typing import Any

from ..mapping.fields import Mapped, absent, json, reference, text
from ..mapping.mapper import MARKER
from .base import Entity
from .jobs import Job
from .readable import readable

__all__ = ["Compute", "Engine"]

_INSTALLED = "engines are set up in accsyn's own pages; nothing documents a way through the API"
_ONCE = "accsyn takes it only when the job is created"
_COMPUTED = "a compute job names its files in input and output"
_COPIED = "it belongs to transfers, which copy files"


class Engine(Entity, entitytype="engine"):
    """
    A program that compute jobs run, such as Nuke.

    Source: accsyn documentation, farm, which names its name, code and type. Its code is unique. Nothing documents a
    way to create or to delete one through the API.
    """

    code: Mapped[str] = text(
        create=False, update=False, reason=_INSTALLED, doc="unique; what a compute job names"
    )
    name: Mapped[str] = text(create=False, reason=_INSTALLED, doc="the readable name")
    description: Mapped[str | None] = text(optional=True, create=False, reason=_INSTALLED, doc="free text")
    metadata: Mapped[dict[str, Any]] = json(
        hidden=[MARKER], create=False, reason=_INSTALLED, doc="an object of the user's own"
    )
    status: Mapped[str | None] = text(
        optional=True, create=False, repeats=True, reason=_INSTALLED, doc="its values are not documented"
    )
    type: Mapped[str | None] = text(
        optional=True,
        create=False,
        update=False,
        repeats=True,
        reason=_INSTALLED,
        doc="what kind of engine, such as compute",
    )


class Compute(Job, entitytype="compute"):
    """
    A compute job: a program is run over a range of frames or items, on machines that the filters choose.

    Source: accsyn documentation, "Compute", and the job specification. Its statuses are those of a transfer. Nested
    tasks are given on create, in `initial_tasks`.
    """

    source: Mapped[Entity | None] = reference(
        None, create=False, update=False, reason=_COMPUTED, doc="where from: type:id"
    )
    destination: Mapped[Entity | None] = reference(
        None, create=False, update=False, reason=_COMPUTED, doc="where to: type:id"
    )
    mirror: Mapped[bool] = absent(_COPIED)
    mirror_paths: Mapped[bool] = absent(_COPIED)
    append: Mapped[bool] = absent(_COPIED)
    repeat = absent(_COPIED)
    engine: Mapped[Engine] = reference(
        "Engine", update=False, reason=_ONCE, doc="the program to run; its code will do on create"
    )
    engine_id: Mapped[str]
    engine_hr: Mapped[str | None] = readable("the engine")
    input: Mapped[str | None] = text(
        optional=True, update=False, reason=_ONCE, doc="path of the file to process"
    )
    output: Mapped[str | None] = text(
        optional=True, update=False, reason=_ONCE, doc="path of the folder for the results"
    )
    range: Mapped[str | None] = text(
        optional=True,
        update=False,
        reason=_ONCE,
        doc="frames or items: 1001-1100, or 1-10,20,5-250x5 (every fifth)",
    )
    dependencies: Mapped[list[str] | None] = json(
        shape=list[str], update=False, reason=_ONCE, doc="paths of the files that the input needs"
    )
    filters: Mapped[str | None] = text(
        optional=True,
        update=False,
        reason=_ONCE,
        doc="which machines: ram:>32g,site:sthlm (memory in GB)",
    )
    parameters: Mapped[dict[str, Any] | None] = json(
        update=False,
        reason=_ONCE,
        doc="{arguments, input_conversion, remote_os, mapped_share_paths: [{remote, local, os}], site: {…}}",
    )
    envs: Mapped[dict[str, dict[str, str]] | None] = json(
        update=False, reason=_ONCE, doc="environment: {common, linux, mac, windows}, each name → text"
    )
