"""The entity classes: the base class, and the catalogue with a file per family."""

from __future__ import annotations

from .access import Access
from .base import Entity
from .clients import App, Browser, Client, Lane, Server, UserServer
from .collections import Collection, File
from .compute import Compute, Engine
from .deliveries import Delivery, Request, Stream
from .jobs import Job, Task, Transfer
from .queues import Queue
from .shares import Folder, Home, Share, Volume
from .sites import Site, Workspace
from .users import User

__all__ = [
    "Access",
    "App",
    "Browser",
    "Client",
    "Collection",
    "Compute",
    "Delivery",
    "Engine",
    "Entity",
    "File",
    "Folder",
    "Home",
    "Job",
    "Lane",
    "Queue",
    "Request",
    "Server",
    "Share",
    "Site",
    "Stream",
    "Task",
    "Transfer",
    "User",
    "UserServer",
    "Volume",
    "Workspace",
]
