"""
The error tree. Everything that accsyn_orm raises on purpose is an AccsynError.

::

    AccsynError                      also named AccsynException and accsynException, as in the published clients
    ├── ConfigurationError           (ValueError) where to connect, or as whom, does not hold
    │   ├── InvalidWorkspace
    │   └── MissingCredentials
    ├── TransportError               no answer; `sent` says whether the request may have arrived
    │   ├── ConnectionFailed         nothing was sent
    │   │   ├── TLSError
    │   │   └── ProxyError
    │   ├── ConnectionLost           the connection broke before the whole answer was read
    │   └── DeadlineExceeded         (TimeoutError)
    ├── ProtocolError                an answer came, but not one of the accsyn protocol
    ├── ServerError                  the server answered with an error
    │   ├── AuthenticationFailed     401, or a refused sign-in
    │   ├── PermissionDenied         (PermissionError) 403
    │   ├── RateLimited              429
    │   ├── SessionExpired
    │   └── ServerFault              5xx, or an exception inside the server
    ├── QueryError                   (ValueError) a query cannot be built or sent as written
    │   ├── ExpressionSyntaxError
    │   ├── UnknownLookup
    │   ├── UnrepresentableValue
    │   └── UnsupportedByDialect
    ├── UnknownField                 (AttributeError)
    ├── InvalidValue                 (ValueError)
    ├── ReadOnlyField                (AttributeError)
    ├── NotFound                     (LookupError)
    │   └── SettingNotSet            (KeyError)
    ├── MultipleFound                (LookupError)
    ├── WaitError                    what was waited for did not come; `seen` says what was there
    │   ├── WaitTimeout              (TimeoutError) not in time
    │   └── WaitEnded                the entity ended otherwise
    └── SessionError                 (RuntimeError) a session was used as it cannot be used
        ├── NoSession
        ├── AmbiguousSession
        ├── SessionClosed
        ├── DetachedEntity
        ├── IdentityConflict
        ├── Conflict             somebody else changed what is about to be changed
        ├── DuplicateDetected    one creation was applied twice
        ├── ImplicitIO           an attribute would have to be loaded where that is refused
        ├── BudgetExceeded       a block of code would make more requests than it may
        ├── JournalError         a journal cannot be used: in use, torn, foreign, of other work, or not writable
        └── CommitError              a commit did not apply everything

InsecureProxyWarning and UnfitValueWarning are the warnings; both are a UserWarning.
No error carries a secret, and none of the libraries below raises through: their errors stand in `__cause__`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "AccsynError",
    "AccsynException",
    "AmbiguousSession",
    "AuthenticationFailed",
    "BudgetExceeded",
    "CommitError",
    "ConfigurationError",
    "Conflict",
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
]


class AccsynError(Exception):
    """
    The base of every error of accsyn_orm.

    Args:
        message: What went wrong, why, and what would be right.
        status: HTTP status of the answer, where one came.
        uri: The operation that was asked for, such as `job/edit`; never a URL, which could carry a session id.
        entity: What it was about, as `type:id` or `type`.
    """

    def __init__(
        self, message: str, *, status: int | None = None, uri: str | None = None, entity: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.uri = uri
        self.entity = entity


AccsynException = AccsynError
accsynException = AccsynError  # noqa: N816 - the name in the published clients 2.x


class ConfigurationError(AccsynError, ValueError):
    """Where to connect, or as whom, is missing or malformed."""


class InvalidWorkspace(ConfigurationError):
    """A workspace code that could not be the first label of a host name."""


class MissingCredentials(ConfigurationError):
    """No workspace, user name or key was given, by argument or by environment."""


class TransportError(AccsynError):
    """No answer was had; `sent` says whether the server may have seen the request: False if certainly not."""

    def __init__(
        self,
        message: str,
        *,
        sent: bool = True,
        status: int | None = None,
        uri: str | None = None,
        entity: str | None = None,
    ) -> None:
        super().__init__(message, status=status, uri=uri, entity=entity)
        self.sent = sent


class ConnectionFailed(TransportError):
    """No connection came about, so nothing was sent."""

    def __init__(self, message: str, *, uri: str | None = None, entity: str | None = None) -> None:
        super().__init__(message, sent=False, uri=uri, entity=entity)


class TLSError(ConnectionFailed):
    """The server's certificate does not hold; no application byte was sent."""


class ProxyError(ConnectionFailed):
    """The proxy cannot be reached, or refuses."""


class ConnectionLost(TransportError):
    """The connection broke before the whole answer was read."""


class InsecureProxyWarning(UserWarning):
    """Requests go to an accsyn proxy in plain http: API key, session and data can be read on the way there."""


class UnfitValueWarning(UserWarning):
    """Values are not of the type of their column, and are null in the table; the message names one of them."""


class DeadlineExceeded(TransportError, TimeoutError):
    """An answer did not come in time: connect, read or total."""


class ProtocolError(AccsynError):
    """The answer is not one that the accsyn protocol knows."""


class ServerError(AccsynError):
    """The server answered, and its answer is an error. The message is the server's own."""


class AuthenticationFailed(ServerError):
    """The server does not accept who we say we are."""


class PermissionDenied(ServerError, PermissionError):
    """The server knows who we are, and this user may not do that."""


class RateLimited(ServerError):
    """
    Too many requests from this address (HTTP 429).

    Args:
        retry_after: Seconds that the server asks to wait, where it says so.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        status: int | None = 429,
        uri: str | None = None,
        entity: str | None = None,
    ) -> None:
        super().__init__(message, status=status, uri=uri, entity=entity)
        self.retry_after = retry_after


class SessionExpired(ServerError):
    """The server ended the session (`session_expired`)."""


class ServerFault(ServerError):
    """The server failed inside; whether a write was applied is not known."""


class QueryError(AccsynError, ValueError):
    """A query that cannot be built or sent as it is written."""


class ExpressionSyntaxError(QueryError):
    """
    Text that is not an accsyn expression.

    Args:
        text: The expression.
        line: Line of the first character that does not fit, from 1.
        column: Its column, from 1.
    """

    def __init__(self, message: str, *, text: str = "", line: int = 1, column: int = 1) -> None:
        shown = text.split("\n")[line - 1] if text else ""
        caret = f"\n  {shown}\n  {' ' * (column - 1)}^" if shown else ""
        super().__init__(f"{message} (line {line}, column {column}){caret}")
        self.text = text
        self.line = line
        self.column = column


class UnknownLookup(QueryError):
    """A lookup that does not exist, such as `status__isnt`."""


class UnrepresentableValue(QueryError):
    """A value that accsyn query text has no way to write down."""


class UnsupportedByDialect(QueryError):
    """Something that this generation of the protocol cannot say; the message names one that can."""


class UnknownField(AccsynError, AttributeError):
    """A field that the class does not declare."""


class InvalidValue(AccsynError, ValueError):
    """A value of the wrong type, or outside of what the field allows."""


class ReadOnlyField(AccsynError, AttributeError):
    """A field that the server lets nobody write."""


class NotFound(AccsynError, LookupError):
    """Nothing matches, where one entity was asked for."""


class SettingNotSet(NotFound, KeyError):
    """A setting has no value: no own one, no inherited one, no default."""

    def __str__(self) -> str:
        return Exception.__str__(self)  # a KeyError would show the message in quotes


class MultipleFound(AccsynError, LookupError):
    """More than one entity matches, where one was asked for."""


class WaitError(AccsynError):
    """What was waited for did not come; `seen` has what was there last, by name of field, where a look succeeded."""

    def __init__(self, message: str, *, seen: Mapping[str, Any], entity: str) -> None:
        super().__init__(message, entity=entity)
        self.seen: dict[str, Any] = dict(seen)


class WaitTimeout(WaitError, TimeoutError):
    """What was waited for did not come in time."""


class WaitEnded(WaitError):
    """What was waited for cannot come any more: the entity ended in another state."""


class SessionError(AccsynError, RuntimeError):
    """A session was used in a way in which it cannot be used."""


class NoSession(SessionError):
    """`Job.objects` was used while no session is open."""


class AmbiguousSession(SessionError):
    """`Job.objects` was used while several sessions are open and none is named."""


class SessionClosed(SessionError):
    """The session was closed."""


class DetachedEntity(SessionError):
    """An entity that belongs to no session, or to another one."""


class IdentityConflict(SessionError):
    """One entity was loaded as two classes and changed through both."""


class Conflict(SessionError):
    """
    Somebody else changed what is about to be changed; nothing was sent.

    Args:
        conflicts: What differs, one value per attribute.
    """

    def __init__(self, message: str, *, conflicts: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.conflicts: tuple[Any, ...] = tuple(conflicts)


class DuplicateDetected(SessionError):
    """One creation was applied twice: the server has two entities with its marker; the message names them."""


class ImplicitIO(SessionError):
    """Reading an attribute would make a request, within `session.no_implicit_io()`."""


class BudgetExceeded(SessionError):
    """One request more than a `session.budget(…)` allows was about to be made; it was not."""


class JournalError(SessionError):
    """A journal cannot be used: in use elsewhere, torn, foreign, of another workspace or script, or not writable."""


class CommitError(SessionError):
    """
    A commit did not apply everything. The four lists are disjoint and together they are the plan.

    Args:
        applied: Operations that the server carried out.
        rejected: Operations that the server refused; each outcome carries the server's message.
        unknown: Operations that may or may not have been carried out.
        not_sent: Operations that were not sent.
    """

    def __init__(
        self,
        message: str,
        *,
        applied: Sequence[Any] = (),
        rejected: Sequence[Any] = (),
        unknown: Sequence[Any] = (),
        not_sent: Sequence[Any] = (),
    ) -> None:
        super().__init__(message)
        self.applied: tuple[Any, ...] = tuple(applied)
        self.rejected: tuple[Any, ...] = tuple(rejected)
        self.unknown: tuple[Any, ...] = tuple(unknown)
        self.not_sent: tuple[Any, ...] = tuple(not_sent)
