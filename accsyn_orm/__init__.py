"""
The object mapper for the accsyn REST API.

    from accsyn_orm import Session, Job

    session = Session(workspace="acmefilm", username="john@user.com", api_key="…")
    job = Job.objects.get(code="my_transfer")
    job.status = "aborted"
    session.commit()
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import Secret
    from .entities import (
        Access,
        App,
        Browser,
        Client,
        Collection,
        Compute,
        Delivery,
        Engine,
        Entity,
        File,
        Folder,
        Home,
        Job,
        Lane,
        Queue,
        Request,
        Server,
        Share,
        Site,
        Stream,
        Task,
        Transfer,
        User,
        UserServer,
        Volume,
        Workspace,
    )
    from .errors import (
        AccsynError,
        AccsynException,
        AmbiguousSession,
        AuthenticationFailed,
        BudgetExceeded,
        ConfigurationError,
        ConnectionFailed,
        ConnectionLost,
        DeadlineExceeded,
        DetachedEntity,
        DuplicateDetected,
        ExpressionSyntaxError,
        IdentityConflict,
        ImplicitIO,
        InsecureProxyWarning,
        InvalidValue,
        InvalidWorkspace,
        JournalError,
        MissingCredentials,
        MultipleFound,
        NoSession,
        NotFound,
        PermissionDenied,
        ProtocolError,
        ProxyError,
        QueryError,
        RateLimited,
        ReadOnlyField,
        ServerError,
        ServerFault,
        SessionClosed,
        SessionError,
        SessionExpired,
        SettingNotSet,
        TLSError,
        TransportError,
        UnfitValueWarning,
        UnknownField,
        UnknownLookup,
        UnrepresentableValue,
        UnsupportedByDialect,
        WaitEnded,
        WaitError,
        WaitTimeout,
        accsynException,
    )
    from .mapping import fields
    from .mapping.fields import Column, Mapped
    from .queryset.collection import RelatedSet
    from .queryset.lookups import Lookup, register_lookup
    from .queryset.manager import Manager
    from .queryset.q import Q
    from .queryset.query_set import QuerySet
    from .queryset.watching import Event, ValueChange, Watch
    from .session import Session
    from .session.outcomes import CommitResult, Outcome
    from .session.paths import AccsynPath
    from .session.plan import Change, Operation, Plan
    from .session.raised import CommitError, Conflict
    from .session.storage import FileEntry

__version__ = "0.1.0"

__all__ = [
    "Access",
    "AccsynError",
    "AccsynException",
    "AccsynPath",
    "AmbiguousSession",
    "App",
    "AuthenticationFailed",
    "Browser",
    "BudgetExceeded",
    "Change",
    "Client",
    "Collection",
    "Column",
    "CommitError",
    "CommitResult",
    "Compute",
    "ConfigurationError",
    "Conflict",
    "ConnectionFailed",
    "ConnectionLost",
    "DeadlineExceeded",
    "Delivery",
    "DetachedEntity",
    "DuplicateDetected",
    "Engine",
    "Entity",
    "Event",
    "ExpressionSyntaxError",
    "File",
    "FileEntry",
    "Folder",
    "Home",
    "IdentityConflict",
    "ImplicitIO",
    "InsecureProxyWarning",
    "InvalidValue",
    "InvalidWorkspace",
    "Job",
    "JournalError",
    "Lane",
    "Lookup",
    "Manager",
    "Mapped",
    "MissingCredentials",
    "MultipleFound",
    "NoSession",
    "NotFound",
    "Operation",
    "Outcome",
    "PermissionDenied",
    "Plan",
    "ProtocolError",
    "ProxyError",
    "Q",
    "QueryError",
    "QuerySet",
    "Queue",
    "RateLimited",
    "ReadOnlyField",
    "RelatedSet",
    "Request",
    "Secret",
    "Server",
    "ServerError",
    "ServerFault",
    "Session",
    "SessionClosed",
    "SessionError",
    "SessionExpired",
    "SettingNotSet",
    "Share",
    "Site",
    "Stream",
    "TLSError",
    "Task",
    "Transfer",
    "TransportError",
    "UnfitValueWarning",
    "UnknownField",
    "UnknownLookup",
    "UnrepresentableValue",
    "UnsupportedByDialect",
    "User",
    "UserServer",
    "ValueChange",
    "Volume",
    "WaitEnded",
    "WaitError",
    "WaitTimeout",
    "Watch",
    "Workspace",
    "accsynException",
    "fields",
    "register_lookup",
]

# Names are imported when they are first used: a program that only mentions the package, such as every run of pytest on
# a machine where it is installed, does not pay for it. Type checkers read the imports above; a test holds both alike.
_HOMES = {
    "config": ("Secret",),
    "entities": (
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
    ),
    "errors": (
        "AccsynError",
        "AccsynException",
        "AmbiguousSession",
        "AuthenticationFailed",
        "BudgetExceeded",
        "ConfigurationError",
        "ConnectionFailed",
        "ConnectionLost",
        "DeadlineExceeded",
        "DetachedEntity",
        "DuplicateDetected",
        "ExpressionSyntaxError",
        "IdentityConflict",
        "ImplicitIO",
        "InsecureProxyWarning",
        "InvalidValue",
        "InvalidWorkspace",
        "JournalError",
        "MissingCredentials",
        "MultipleFound",
        "NoSession",
        "NotFound",
        "PermissionDenied",
        "ProtocolError",
        "ProxyError",
        "QueryError",
        "RateLimited",
        "ReadOnlyField",
        "ServerError",
        "ServerFault",
        "SessionClosed",
        "SessionError",
        "SessionExpired",
        "SettingNotSet",
        "TLSError",
        "TransportError",
        "UnfitValueWarning",
        "UnknownField",
        "UnknownLookup",
        "UnrepresentableValue",
        "UnsupportedByDialect",
        "WaitEnded",
        "WaitError",
        "WaitTimeout",
        "accsynException",
    ),
    "mapping": ("fields",),
    "mapping.fields": (
        "Column",
        "Mapped",
    ),
    "queryset.collection": ("RelatedSet",),
    "queryset.lookups": (
        "Lookup",
        "register_lookup",
    ),
    "queryset.manager": ("Manager",),
    "queryset.q": ("Q",),
    "queryset.query_set": ("QuerySet",),
    "queryset.watching": (
        "Event",
        "ValueChange",
        "Watch",
    ),
    "session": ("Session",),
    "session.outcomes": (
        "CommitResult",
        "Outcome",
    ),
    "session.paths": ("AccsynPath",),
    "session.plan": (
        "Change",
        "Operation",
        "Plan",
    ),
    "session.raised": (
        "CommitError",
        "Conflict",
    ),
    "session.storage": ("FileEntry",),
}

_MODULES = {name: module for module, names in _HOMES.items() for name in names}
_ROOMS = frozenset(
    {"config", "entities", "errors", "expressions", "mapping", "migrate", "queryset", "session", "wire"}
)


if not TYPE_CHECKING:
    # Type checkers know the names from the imports above; from this they would take any name for one of ours.
    def __getattr__(name: str) -> Any:
        if name in _ROOMS:
            return importlib.import_module(f".{name}", __name__)
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
