"""
What type checkers see of the errors: where each stands in the tree, and what it carries.

mypy and pyright read this file; nothing runs it.
"""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from accsyn_orm import (
    AccsynError,
    AccsynException,
    AmbiguousSession,
    AuthenticationFailed,
    BudgetExceeded,
    CommitError,
    ConfigurationError,
    Conflict,
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
    Job,
    JournalError,
    MissingCredentials,
    MultipleFound,
    NoSession,
    NotFound,
    Outcome,
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
    errors,
)
from accsyn_orm.session.conflicts import ConflictingChange


def each_stands_under_its_own() -> None:
    roots: list[type[AccsynError]] = [AccsynException, accsynException, ProtocolError]
    configuration: list[type[ConfigurationError]] = [InvalidWorkspace, MissingCredentials]
    transport: list[type[TransportError]] = [ConnectionFailed, ConnectionLost, DeadlineExceeded]
    failed: list[type[ConnectionFailed]] = [TLSError, ProxyError]
    server: list[type[ServerError]] = [
        *(AuthenticationFailed, PermissionDenied, RateLimited, SessionExpired, ServerFault),
    ]
    query: list[type[QueryError]] = [
        *(ExpressionSyntaxError, UnknownLookup, UnrepresentableValue, UnsupportedByDialect),
    ]
    waiting: list[type[WaitError]] = [WaitTimeout, WaitEnded]
    session: list[type[SessionError]] = [
        *(NoSession, AmbiguousSession, SessionClosed, DetachedEntity, IdentityConflict, Conflict),
        *(DuplicateDetected, ImplicitIO, BudgetExceeded, JournalError, CommitError),
    ]
    warned: list[type[UserWarning]] = [InsecureProxyWarning, UnfitValueWarning]
    del roots, configuration, transport, failed, server, query, waiting, session, warned


def those_that_carry_values_are_still_themselves(error: CommitError, conflict: Conflict) -> None:
    same: errors.CommitError = error
    other: errors.Conflict = conflict
    classes: list[type[errors.SessionError]] = [CommitError, Conflict]
    del same, other, classes


def built_in_errors_catch_them() -> None:
    values: list[type[ValueError]] = [ConfigurationError, QueryError, InvalidValue]
    attributes: list[type[AttributeError]] = [UnknownField, ReadOnlyField]
    lookups: list[type[LookupError]] = [NotFound, SettingNotSet, MultipleFound]
    keys: list[type[KeyError]] = [SettingNotSet]
    late: list[type[TimeoutError]] = [DeadlineExceeded, WaitTimeout]
    denied: list[type[PermissionError]] = [PermissionDenied]
    misused: list[type[RuntimeError]] = [SessionError]
    del values, attributes, lookups, keys, late, denied, misused


def errors_carry_data(
    error: AccsynError,
    lost: TransportError,
    limited: RateLimited,
    syntax: ExpressionSyntaxError,
    ended: WaitEnded,
    commit: CommitError,
    conflict: Conflict,
) -> None:
    assert_type(error.message, str)
    assert_type(error.status, int | None)
    assert_type(error.uri, str | None)
    assert_type(error.entity, str | None)
    assert_type(lost.sent, bool)
    assert_type(limited.retry_after, float | None)
    assert_type(syntax.text, str)
    assert_type((syntax.line, syntax.column), tuple[int, int])
    assert_type(ended.seen, dict[str, Any])
    assert_type(commit.applied, tuple[Outcome, ...])
    assert_type(commit.rejected, tuple[Outcome, ...])
    assert_type(commit.unknown, tuple[Outcome, ...])
    assert_type(commit.not_sent, tuple[Outcome, ...])
    assert_type(conflict.conflicts, tuple[ConflictingChange, ...])


def a_class_has_errors_of_its_own() -> None:
    assert_type(Job.DoesNotExist, type[NotFound])
    assert_type(Job.MultipleObjectsReturned, type[MultipleFound])
