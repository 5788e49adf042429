"""Compute jobs and the engines that they run on (accsyn documentation, "Compute")."""

from __future__ import annotations

from typing import Any

from ..mapping.fields import Mapped, json, reference, text
from .base import Entity
from .jobs import Job

__all__ = ["Compute", "Engine"]


class Engine(Entity, entitytype="engine"):
    """
    A program that compute jobs run, such as Nuke (accsyn documentation, farm).

    Its code is unique. Nothing documents a way to create or to delete one through the API.
    """

    status = text(optional=True, doc="its values are not documented")
    type = text(optional=True, doc="what kind of engine, such as compute")


class Compute(Job, entitytype="compute"):
    """
    A compute job: a program is run over a range of frames or items, on machines that the filters choose.

    Its statuses are those of a transfer. Nested tasks are given on create, in `initial_tasks`.
    """

    engine: Mapped[Engine] = reference("Engine", doc="the program to run; its code will do on create")
    engine_id: Mapped[str]
    engine_hr = text(
        optional=True,
        create=False,
        update=False,
        reason="the server derives it from the reference beside it",
        doc="the engine, readable",
    )
    input = text(optional=True, doc="path of the file to process")
    output = text(optional=True, doc="path of the folder for the results")
    range = text(optional=True, doc="frames or items: 1001-1100, or 1-10,20,5-250x5 (every fifth)")
    dependencies: Mapped[Any] = json(shape=list[str], doc="paths of the files that the input needs")
    filters = text(optional=True, doc="which machines: ram:>32g,site:sthlm (memory in GB)")
    parameters: Mapped[Any] = json(
        doc="{arguments, input_conversion, remote_os, mapped_share_paths: [{remote, local, os}], site: {…}}"
    )
    envs: Mapped[Any] = json(doc="environment: {common, linux, mac, windows}, each name → text")
