"""A signed-in way to one workspace: a call goes in, its document or result comes out."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from ..errors import AccsynError, SessionClosed
from .answers import document_of, result_of
from .messages import Call, Timeouts
from .redaction import Redactor
from .sign_in import Arrival, sign_in
from .trace import Trace

if TYPE_CHECKING:
    from ..config import Endpoint, Settings
    from .dialects import V3
    from .messages import HttpRequest, HttpResponse, SignedIn
    from .transport import Transport

__all__ = ["Connection"]


class Connection:
    """
    Send calls, and read their answers. Any number of threads may use it at the same time.

    Args:
        settings: Where to, and as whom.
        dialect: The generation of the protocol.
        transport: Sends the requests.
        owns_transport: Whether `close()` closes the transport too.
        trace: Where requests and answers are written down.
    """

    def __init__(
        self,
        settings: Settings,
        dialect: V3,
        transport: Transport,
        *,
        owns_transport: bool = True,
        trace: Trace | None = None,
    ) -> None:
        self.settings = settings
        self.dialect = dialect
        self._transport = transport
        self._owns_transport = owns_transport
        self._trace = trace or Trace()
        self._timeouts = Timeouts(settings.connect_timeout, settings.read_timeout, settings.deadline)
        self._redactor = Redactor(settings.api_key)
        self._arrival: Arrival | None = None
        self._lock = threading.RLock()
        self._requests = 0
        self._closed = False

    @property
    def username(self) -> str:
        """The user who signs in."""
        return self.settings.username

    @property
    def request_count(self) -> int:
        """How many HTTP requests were sent, those of signing in included."""
        return self._requests

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

    def sign_in(self) -> SignedIn:
        """
        Find the host and sign in.

        Raises:
            AccsynError: As `accsyn_orm.wire.sign_in.sign_in`, or no answer was had.
        """
        with self._lock:
            self._check_open()
            # The flow hands over its requests one by one; the response to each decides on the next.
            flow = sign_in(self.settings, self.dialect, self._redactor.clean)
            call = Call("PUT", "api/login", entity=f"user:{self.username}")
            started = time.monotonic()
            try:
                request = next(flow)
                while True:
                    request = flow.send(self._send(request))
            except StopIteration as end:
                arrival: Arrival = end.value
            except AccsynError as error:
                _complete(error, call)
                self._trace.failure(call, error, time.monotonic() - started, self._redactor)
                raise
            self._redactor = Redactor(self.settings.api_key, arrival.signed_in.session_id)
            self._arrival = arrival
            said = {"id": arrival.signed_in.user_id, "role": arrival.signed_in.role}
            self._trace.answer(call, 200, said, time.monotonic() - started, self._redactor)
            return arrival.signed_in

    def call(self, call: Call) -> dict[str, Any]:
        """
        Send a call and return the document of its answer.

        Raises:
            ServerError: The server answers with an error.
            TransportError: No answer was had.
            ProtocolError: The answer is not of the protocol.
            InvalidValue: The payload holds something that cannot be sent.
            SessionClosed: The connection was closed.
        """
        arrival = self._arrived()
        started = time.monotonic()
        try:
            request = self.dialect.request(call, arrival.endpoint, self.settings, arrival.signed_in)
            self._trace.request(call, self._redactor)
            response = self._send(request)
            document = document_of(response, call, self._redactor.clean)
        except AccsynError as error:
            _complete(error, call)
            self._trace.failure(call, error, time.monotonic() - started, self._redactor)
            raise
        self._trace.answer(call, response.status, document, time.monotonic() - started, self._redactor)
        return document

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
        if self._owns_transport:
            self._transport.close()

    def _arrived(self) -> Arrival:
        self._check_open()
        arrival = self._arrival
        if arrival is None:
            with self._lock:
                if self._arrival is None:
                    self.sign_in()
                return self._arrived()
        return arrival

    def _check_open(self) -> None:
        if self._closed:
            raise SessionClosed("this session was closed: open another one with Session(...)")

    def _send(self, request: HttpRequest) -> HttpResponse:
        with self._lock:
            self._requests += 1
        return self._transport.send(request, self._timeouts)


def _complete(error: AccsynError, call: Call) -> None:
    """Tell an error what it is about, where it does not know."""
    error.uri = error.uri or call.uri
    error.entity = error.entity or call.entity
