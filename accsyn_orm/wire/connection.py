"""A signed-in way to one workspace: a call goes in, its document or result comes out."""

from __future__ import annotations

import functools
import math
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import (
    AccsynError,
    AuthenticationFailed,
    SessionClosed,
    SessionExpired,
    UnsupportedByDialect,
)
from .announcing import Announced, Announcements
from .answers import result_of, retry_after
from .forking import renew_after_fork
from .messages import Call, Timeouts
from .rate import RATE, Bucket
from .redaction import Redactor
from .retrying import Retrying, repeatable
from .sign_in import Arrival, Refusal, sign_in
from .trace import Trace

if TYPE_CHECKING:
    from ..config import Endpoint, Secret, Settings
    from .dialects import V3
    from .messages import HttpRequest, HttpResponse, SignedIn
    from .rate import Limiter, RateLimit
    from .retrying import Attempt
    from .transport import Transport

__all__ = ["Connection"]

_TOO_MANY = 429
# What a 429 without a readable Retry-After is taken to ask for.
_PENALTY_SECONDS = 1.0
# The sessions whose secrets are known, the current one included: answers that name them may be under way.
_REMEMBERED_SESSIONS = 5
# A call that has so much of its time left gets the whole of it, which spares making new time-outs.
_NEARLY_ALL = 0.99


class Connection:
    """
    Send calls, and read their answers. Any number of threads may use it at the same time.

    A call keeps below the rate limit, is tried again where that is safe, and signs in again where the session
    has expired, all within one deadline and under one eid. A forked child uses it on with connections and
    locks of its own.

    Args:
        settings: Where to, and as whom.
        dialect: The generation of the protocol.
        transport: Sends the requests.
        owns_transport: Whether `close()` closes the transport too.
        trace: Where requests and answers are written down.
        rate_limit: What the server allows; None keeps no limit.
        retrying: Tries calls again.
    """

    def __init__(
        self,
        settings: Settings,
        dialect: V3,
        transport: Transport,
        *,
        owns_transport: bool = True,
        trace: Trace | None = None,
        rate_limit: RateLimit | None = None,
        retrying: Retrying | None = None,
    ) -> None:
        self.dialect = dialect
        self._settings = settings
        self._transport = transport
        self._owns_transport = owns_transport
        self._trace = trace or Trace()
        self._rate_limit = rate_limit
        self._limiters: dict[str, Limiter | None] = {}
        self._retrying = retrying or Retrying()
        self._clock = self._retrying.clock
        self._timeouts = Timeouts(settings.connect_timeout, settings.read_timeout, settings.deadline)
        self._session_secrets: tuple[tuple[Secret, ...], ...] = ()
        self._redactor = Redactor(*dialect.secrets_of(settings))
        self._arrival: Arrival | None = None
        self._requests = 0
        self._announced = Announcements()
        self._closed = False
        # How often renewing the session has failed, and why it could not be renewed, where that is so.
        self._failed_renewals = 0
        self._refusal: Refusal | None = None
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Make the locks anew: in a forked child, nobody would open those that were locked."""
        self._lock = threading.RLock()
        self._counting = threading.Lock()

    @property
    def settings(self) -> Settings:
        """Where to, and as whom."""
        return self._settings

    @property
    def username(self) -> str:
        """The user who signs in."""
        return self._settings.username

    @property
    def request_count(self) -> int:
        """How many HTTP requests were sent, those of signing in and of trying again included."""
        return self._requests

    @property
    def request_rate(self) -> float:
        """Requests a second that the rate limit lets through as things are; infinite where none is kept."""
        limit = self._rate_limit
        limiter = None if limit is None else self._limiter(limit, f"{self.endpoint.url}/")
        if limiter is None:
            return math.inf
        return limiter.rate if isinstance(limiter, Bucket) else RATE

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @property
    def endpoint(self) -> Endpoint:
        """The host that serves the workspace; this signs in where that has not happened yet."""
        return self._arrived().endpoint

    @property
    def signed_in(self) -> SignedIn:
        """What the server said on signing in; this signs in where that has not happened yet."""
        return self._arrived().signed_in

    @property
    def session_key(self) -> Secret:
        """
        The key that requests are signed with, and that signs other sessions in; v1 only.

        Raises:
            UnsupportedByDialect: This generation of the protocol has none.
        """
        key = self.signed_in.session_key
        if key is None:
            raise UnsupportedByDialect(
                f"a session of {self.dialect.name} has no session key: its API key takes the place of one;"
                " protocol='v1' has them"
            )
        return key

    def sign_in(self) -> SignedIn:
        """
        Find the host and sign in.

        Raises:
            AccsynError: As `accsyn_orm.wire.sign_in.sign_in`, or no answer was had.
        """
        with self._lock:
            self._check_open()
            return self._sign_in(self._settings, self._ends()).signed_in

    def renew(self, settings: Settings) -> SignedIn:
        """
        Sign in with other credentials, and go on with these; where that fails, all stays as it was.

        Args:
            settings: The settings, with another user name, key or password.

        Raises:
            AccsynError: As `sign_in`.
        """
        with self._lock:
            self._check_open()
            signed_in = self._sign_in(settings, self._ends()).signed_in
            self._settings = settings
            return signed_in

    def call(self, call: Call) -> dict[str, Any]:
        """
        Send a call and return the document of its answer.

        What reads is tried three times where the fault may pass; what writes only where it certainly was not
        carried out. Where the session has expired it is renewed, once for all threads, and the call sent again,
        once. All of it happens within the deadline of the settings.

        Raises:
            ServerError: The server answers with an error.
            SessionExpired: The session expired and cannot be renewed, or expired again; nothing was carried out.
            TransportError: No answer was had.
            ProtocolError: The answer is not of the protocol.
            InvalidValue: The payload holds something that cannot be sent.
            SessionClosed: The connection was closed.
        """
        arrival = self._arrived()
        if call.eid is None:
            call = attrs.evolve(call, eid=str(uuid.uuid4()))
        ends = self._ends()
        try:
            return self._retrying.run(call, functools.partial(self._exchange, call, arrival), ends)
        except SessionExpired as error:
            arrival = self._renewed(arrival, error, ends)
        # Outside of the except block, so that a second expiry is an error of its own.
        return self._retrying.run(call, functools.partial(self._exchange, call, arrival), ends)

    def announce(self, call: Call) -> Announced | None:
        """
        Send a call that reads ahead of its time: to send the call of what this returns is only to read the answer.

        Nothing is sent where a rate limit is kept, which might make this wait, nor before the sign-in.

        Returns:
            None where nothing was sent.
        """
        announce, arrival = getattr(self._transport, "announce", None), self._arrival
        if announce is None or arrival is None or self.closed or not repeatable(call):
            return None
        call = attrs.evolve(call, eid=str(uuid.uuid4()))
        request = self.dialect.request(call, arrival.endpoint, arrival.settings, arrival.signed_in)
        if self._rate_limit is not None and self._limiter(self._rate_limit, request.url) is not None:
            return None
        ahead = announce(request, self._timeouts)
        if ahead is None:
            return None
        with self._counting:
            self._requests += 1
        announced = Announced(call, arrival, ahead)
        self._announced.add(announced)
        if self._closed:
            # On another thread, which may have looked before this one was added.
            ahead.withdraw()
        return announced

    def result(self, call: Call) -> Any:
        """
        Send a call and return the result in its answer.

        Raises:
            AccsynError: As `call`.
            ProtocolError: The answer has no result.
        """
        return result_of(self.call(call), call)

    def close(self) -> None:
        """Close the connection; it cannot be opened again. There is nothing to tell the server."""
        self._closed = True
        self._announced.withdraw()
        if self._owns_transport:
            self._transport.close()

    # Signing in

    def _arrived(self) -> Arrival:
        self._check_open()
        arrival = self._arrival
        if arrival is None:
            with self._lock:
                return self._arrival or self._sign_in(self._settings, self._ends())
        return arrival

    def _renewed(self, expired: Arrival, error: SessionExpired, ends: float) -> Arrival:
        """Sign in again, unless another thread has done so since this one's call was sent."""
        before = self._failed_renewals
        left = max(0.0, min(ends - self._clock.monotonic(), threading.TIMEOUT_MAX))
        if not self._lock.acquire(timeout=left):
            raise error
        try:
            self._check_open()
            if self._arrival is not expired:
                return self._arrived()
            if not self._settings.renewable:
                raise error
            refusal = self._refusal
            # Either another thread's attempt, for which this one waited, failed; or the key is refused for good.
            if refusal is not None and (refusal.final or self._failed_renewals != before):
                raise refusal.as_error(error)
            return self._renew_once(expired, error, ends)
        finally:
            self._lock.release()

    def _renew_once(self, expired: Arrival, error: SessionExpired, ends: float) -> Arrival:
        try:
            return self._sign_in(self._settings, ends, expired)
        except AccsynError as failure:
            final = isinstance(failure, AuthenticationFailed)
            self._failed_renewals += 1
            self._refusal = Refusal(failure.message, failure.status, self.dialect.login_uri, final=final)
            if final:
                raise
            # It says nothing of the call itself, which certainly was not carried out.
            raise self._refusal.as_error(error) from failure

    def _sign_in(self, settings: Settings, ends: float, expired: Arrival | None = None) -> Arrival:
        """Sign in, in the place of a session that expired where one is given; the lock is held."""
        call = Call("PUT", self.dialect.login_uri, entity=f"user:{settings.username}")
        self._remember(settings)
        started = time.monotonic()
        old = None if expired is None else expired.signed_in
        arrival = self._retrying.run(call, functools.partial(self._arrive, settings, call, old), ends)
        self._refusal = None
        self._remember(settings, arrival.signed_in)
        self._arrival = arrival
        said = {"id": arrival.signed_in.user_id, "role": arrival.signed_in.role}
        self._trace.answer(call, 200, said, time.monotonic() - started, self._redactor)
        return arrival

    def _arrive(self, settings: Settings, call: Call, expired: SignedIn | None, attempt: Attempt) -> Arrival:
        """Go through the flow of signing in once."""
        # The flow hands over its requests one by one; the response to each decides on the next.
        flow = sign_in(settings, self.dialect, self._redactor.clean, expired=expired)
        started = time.monotonic()
        try:
            request = next(flow)
            while True:
                attempt.response = None
                attempt.response = self._send(request, attempt.ends)
                request = flow.send(attempt.response)
        except StopIteration as end:
            arrival: Arrival = end.value
            return arrival
        except AccsynError as error:
            _complete(error, call)
            self._trace.failure(call, error, time.monotonic() - started, self._redactor)
            raise

    def _remember(self, settings: Settings, signed_in: SignedIn | None = None) -> None:
        """Let all secrets that an answer may still name be starred."""
        known = self.dialect.secrets_of(settings, signed_in)
        if signed_in is not None:
            self._session_secrets = (known, *self._session_secrets)[:_REMEMBERED_SESSIONS]
        earlier = (secret for secrets in self._session_secrets for secret in secrets)
        self._redactor = Redactor(*known, *self.dialect.secrets_of(self._settings), *earlier)

    # Sending

    def _exchange(self, call: Call, arrival: Arrival, attempt: Attempt) -> dict[str, Any]:
        """Send a call once."""
        started = time.monotonic()
        try:
            self._trace.request(call, self._redactor)
            response = self._announced.response(call, arrival, self._timeouts)
            if response is None:
                request = self.dialect.request(call, arrival.endpoint, arrival.settings, arrival.signed_in)
                response = self._send(request, attempt.ends)
            attempt.response = response
            document = self.dialect.read(response, call, self._redactor.clean)
        except AccsynError as error:
            _complete(error, call)
            self._trace.failure(call, error, time.monotonic() - started, self._redactor)
            raise
        self._trace.answer(call, response.status, document, time.monotonic() - started, self._redactor)
        return document

    def _send(self, request: HttpRequest, ends: float) -> HttpResponse:
        limiter = None if self._rate_limit is None else self._limiter(self._rate_limit, request.url)
        if limiter is not None:
            limiter.acquire(ends)
        with self._counting:
            self._requests += 1
        left = ends - self._clock.monotonic()
        timeouts = self._timeouts
        if left < _NEARLY_ALL * timeouts.total:
            timeouts = attrs.evolve(timeouts, total=max(left, 0.0))
        response = self._transport.send(request, timeouts)
        if response.status == _TOO_MANY and limiter is not None:
            seconds = retry_after(response.headers)
            limiter.penalise(_PENALTY_SECONDS if seconds is None else seconds)
        return response

    def _limiter(self, rate_limit: RateLimit, url: str) -> Limiter | None:
        target = url[: url.index("/", len("https://"))]
        try:
            return self._limiters[target]
        except KeyError:
            limiter = self._limiters[target] = rate_limit.towards(target)
            return limiter

    def _ends(self) -> float:
        return self._clock.monotonic() + self._timeouts.total

    def _check_open(self) -> None:
        if self._closed:
            raise SessionClosed("this session was closed: open another one with Session(...)")


def _complete(error: AccsynError, call: Call) -> None:
    """Tell an error what it is about, where it does not know."""
    error.uri = error.uri or call.uri
    error.entity = error.entity or call.entity
