"""
The object mapper for the accsyn REST API.

    from accsyn_orm import Session, Job

    session = Session(workspace="acmefilm", username="john@user.com", api_key="…")
    job = Job.objects.get(code="my_transfer")
    job.status = "aborted"
    session.commit()
"""

from __future__ import annotations

from .config import Secret
from .entities import Entity, Job, Queue, Task, Transfer, User
from .errors import (
    AccsynError,
    AccsynException,
    AmbiguousSession,
    AuthenticationFailed,
    BudgetExceeded,
    CommitError,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    DetachedEntity,
    ExpressionSyntaxError,
    IdentityConflict,
    ImplicitIO,
    InvalidValue,
    InvalidWorkspace,
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
    TLSError,
    TransportError,
    UnknownField,
    UnknownLookup,
    UnrepresentableValue,
    UnsupportedByDialect,
)
from .mapping import fields
from .mapping.fields import Column, Mapped
from .queryset.collection import Collection
from .queryset.lookups import Lookup, register_lookup
from .queryset.manager import Manager
from .queryset.q import Q
from .queryset.query_set import QuerySet
from .session import Session
from .session.commit import CommitResult, Outcome
from .session.plan import Change, Operation, Plan

__version__ = "0.1.0"

__all__ = [
    "AccsynError",
    "AccsynException",
    "AmbiguousSession",
    "AuthenticationFailed",
    "BudgetExceeded",
    "Change",
    "Collection",
    "Column",
    "CommitError",
    "CommitResult",
    "ConfigurationError",
    "ConnectionFailed",
    "ConnectionLost",
    "DeadlineExceeded",
    "DetachedEntity",
    "Entity",
    "ExpressionSyntaxError",
    "IdentityConflict",
    "ImplicitIO",
    "InvalidValue",
    "InvalidWorkspace",
    "Job",
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
    "Secret",
    "ServerError",
    "ServerFault",
    "Session",
    "SessionClosed",
    "SessionError",
    "SessionExpired",
    "TLSError",
    "Task",
    "Transfer",
    "TransportError",
    "UnknownField",
    "UnknownLookup",
    "UnrepresentableValue",
    "UnsupportedByDialect",
    "User",
    "fields",
    "register_lookup",
]
