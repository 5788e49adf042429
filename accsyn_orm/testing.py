"""
What the pytest plugin `accsyn_orm.pytest_plugin` is made of: a sandbox per test, sessions on it, and what it was asked.

The plugin itself is a module beside this package, since pytest imports it in every run on the machine: it imports
this room when a test first names one of its fixtures.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import attrs

from .errors import ConfigurationError
from .sandbox import RequestRecord, Sandbox, load_entities
from .sandbox.generations import FAMILIES
from .sandbox.seeding import seeded_id, seeded_uuid
from .sandbox.store import Account
from .session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from types import TracebackType

__all__ = [
    "Background",
    "Counted",
    "Options",
    "RecordedRequests",
    "RequestRecorder",
    "SessionOpener",
    "credentials",
    "environment",
    "opened_sandbox",
    "opened_session",
]

Data: TypeAlias = (
    "str | os.PathLike[str] | Mapping[str, Iterable[Mapping[str, Any]]] | Callable[[Session], object]"
)

_READY_MADE = ("demo", "empty")
# What goes to the sandbox as it is.
_SANDBOX = ("transfers", "tls", "hostnames", "rate_limit", "latency", "jobs")
_OPTIONS = ("data", "role", *_SANDBOX)
_SIGNING_IN = frozenset({"registry", *(family.login_uri for family in FAMILIES)})


class SessionOpener(Protocol):
    """The type of the fixture `accsyn_session_as`."""

    def __call__(self, who: str, **arguments: Any) -> Session:
        """
        Return a session of a user, open until the end of the test.

        Args:
            who: `admin`, `employee`, `standard`, or the e-mail address of a user of the sandbox.
            arguments: Further ones for the session, such as `protocol="v1"`.
        """
        ...


@attrs.frozen
class Options:
    """
    What a test wants, from `accsyn_defaults` and the marks `@pytest.mark.accsyn(…)`.

    Args:
        data: `demo`, `empty`, entities by type, the path of a JSON file of them (from the test's folder), or a
            function that is given an admin's session; the last three add to what is in `empty`.
        role: Who `accsyn_session` is: a role or an e-mail address.
        sandbox: Further arguments of the sandbox.
        folder: The folder of the test.
    """

    data: Data = "demo"
    role: str = "admin"
    sandbox: Mapping[str, Any] = attrs.field(factory=dict)
    folder: Path = attrs.field(factory=Path)

    @classmethod
    def of(cls, layers: Iterable[Mapping[str, Any]], folder: Path) -> Options:
        """
        Put layers of options together, the later ones above the earlier ones.

        Raises:
            ConfigurationError: There is no option of that name.
        """
        found: dict[str, Any] = {}
        for layer in layers:
            unknown = sorted(set(layer) - set(_OPTIONS))
            if unknown:
                raise ConfigurationError(
                    f"accsyn has no option {', '.join(map(repr, unknown))}; it has {', '.join(_OPTIONS)}."
                )
            found.update(layer)
        passed = {name: found.pop(name) for name in _SANDBOX if name in found}
        return cls(**found, sandbox=passed, folder=folder)


def opened_sandbox(options: Options) -> Sandbox:
    """
    Start a sandbox with the data of a test in it, and nothing yet in its lists of requests, effects and mails.

    Raises:
        ConfigurationError: The data is none of the known forms, or cannot be put in.
    """
    data = options.data
    ready = data if isinstance(data, str) and data in _READY_MADE else None
    sandbox = Sandbox(ready or "empty", **options.sandbox)  # type: ignore[arg-type]  # narrowed by _READY_MADE
    sandbox.start()
    try:
        if ready is None:
            _fill(sandbox, options)
    except BaseException:
        sandbox.stop()
        raise
    for log in (sandbox.requests, sandbox.effects, sandbox.mails):
        log.clear()
    return sandbox


def _fill(sandbox: Sandbox, options: Options) -> None:
    data = options.data
    if isinstance(data, Mapping):
        load_entities(sandbox, data)
    elif isinstance(data, os.PathLike) or (isinstance(data, str) and data.endswith(".json")):
        load_entities(sandbox, options.folder / data)
    elif callable(data):
        limit, sandbox.rate_limit = sandbox.rate_limit, None
        with opened_session(sandbox, "admin") as session:
            data(session)
        sandbox.rate_limit = limit
    else:
        raise ConfigurationError(
            f"data is 'demo', 'empty', entities by type, the path of a .json file, or a function, not {data!r}."
        )


def credentials(sandbox: Sandbox, who: str = "admin") -> dict[str, str]:
    """
    Return what somebody signs in with; a user who has no key yet is given one.

    Args:
        sandbox: The sandbox.
        who: `admin`, `employee`, `standard`, or the e-mail address of a user.

    Raises:
        ConfigurationError: There is nobody of that role or address.
    """
    if "@" not in who:
        return sandbox.credentials(who)  # type: ignore[arg-type]  # an unknown role is refused there
    workspace = sandbox.workspace
    with workspace.lock:
        user = workspace.store.resolve(["user"], who)
        if user is None:
            raise ConfigurationError(f"The sandbox has no user {who!r} to sign in as; put one into its data.")
        account = workspace.store.accounts.get(user.id)
        if account is None or not account.api_key:
            role = str(user.document["role"])
            account = Account(user.id, role, seeded_uuid(f"key:{who}"), f"pwd-{seeded_id(f'pwd:{who}')}")
            with workspace.store.writing():
                workspace.store.add_account(account)
    return {
        "workspace": workspace.code,
        "username": str(user.document["code"]),
        "api_key": account.api_key,
        "pwd": account.pwd,
    }


def opened_session(sandbox: Sandbox, who: str, **arguments: Any) -> Session:
    """Sign somebody in to a sandbox."""
    known = credentials(sandbox, who)
    return Session(
        **{
            **{name: known[name] for name in ("workspace", "username", "api_key")},
            "url": sandbox.url,
            "verify": sandbox.ca_file if sandbox.url.startswith("https:") else True,
            **arguments,
        }
    )


def environment(sandbox: Sandbox, who: str) -> dict[str, str]:
    """Return the variables by which a `Session()` without arguments finds a sandbox."""
    known = credentials(sandbox, who)
    return {
        "ACCSYN_URL": sandbox.url,
        "ACCSYN_WORKSPACE": known["workspace"],
        "ACCSYN_API_USER": known["username"],
        "ACCSYN_API_KEY": known["api_key"],
    }


class RecordedRequests:
    """
    What was asked of a sandbox, in order, without signing in.

    Args:
        source: Returns the records, those of signing in included.
    """

    def __init__(self, source: Callable[[], Sequence[RequestRecord]]) -> None:
        self._source = source

    @property
    def all(self) -> list[RequestRecord]:
        """Every request."""
        return [each for each in self._source() if each.uri.lower() not in _SIGNING_IN]

    @property
    def reads(self) -> list[RequestRecord]:
        """Those that only read."""
        return [each for each in self.all if each.method == "GET"]

    @property
    def writes(self) -> list[RequestRecord]:
        """Those that were to change something, whatever became of them."""
        return [each for each in self.all if each.method != "GET"]

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[RequestRecord]:
        return iter(self.all)

    def __str__(self) -> str:
        lines = [f"{number:5}. {_line(each)}" for number, each in enumerate(self.all, 1)]
        return "\n".join(lines) or "      (none)"


def _line(record: RequestRecord) -> str:
    parts = (record.method, record.uri, record.id, record.query, record.data, f"→ {record.status}")
    return " ".join(str(part) for part in parts if part not in (None, ""))


class RequestRecorder(RecordedRequests):
    """
    The fixture `accsyn_requests`: what the test's sandbox was asked, and how much of it is asked within a block.

    Args:
        sandbox: The sandbox of the test.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(lambda: sandbox.requests)
        self._sandbox = sandbox

    def __call__(
        self,
        number: int | None = None,
        *,
        max: int | None = None,  # noqa: A002 -- `with accsyn_requests(max=2)` reads as it is said
        writes: int | None = None,
    ) -> Counted:
        """
        Return a block that collects what is asked within it, and fails where it is too much or too little.

        Args:
            number: How many requests there are to be.
            max: How many there may be.
            writes: How many of them are to be writes.
        """
        return Counted(self._sandbox, number, max, writes)


class Counted:
    """The block of `accsyn_requests(…)`; it raises an AssertionError that lists what was asked."""

    def __init__(self, sandbox: Sandbox, number: int | None, most: int | None, writes: int | None) -> None:
        self._sandbox = sandbox
        self._wanted = (number, most, writes)
        self._first = 0
        self._last: int | None = None

    def __enter__(self) -> RecordedRequests:
        """Begin to collect; what is returned goes on showing this block's requests after it."""
        self._first, self._last = len(self._sandbox.requests), None
        return RecordedRequests(lambda: self._sandbox.requests[self._first : self._last])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self._last = len(self._sandbox.requests)
        seen = RecordedRequests(lambda: self._sandbox.requests[self._first : self._last])
        number, most, writes = self._wanted
        wrong = [
            *([f"{number} requests"] if number not in (None, len(seen)) else []),
            *([f"{most} requests at most"] if most is not None and len(seen) > most else []),
            *([f"{writes} writes"] if writes not in (None, len(seen.writes)) else []),
        ]
        if wrong and error is None:
            counts = f"{len(seen)} requests, {len(seen.writes)} of them writes"
            raise AssertionError(f"expected {' and '.join(wrong)}; there were {counts}:\n{seen}")


class Background:
    """Finish what a test need not wait for, such as the stopping of its sandbox, beside the tests after it."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="accsyn-sandbox-stopping")
        self._pending: list[Future[None]] = []

    def submit(self, work: Callable[[], None]) -> None:
        """Have something done; what goes wrong is raised by `finish`, or by the next call that finds it done."""
        done = [future for future in self._pending if future.done()]
        self._pending = [future for future in self._pending if future not in done]
        self._pending.append(self._executor.submit(work))
        for future in done:
            future.result()

    def finish(self) -> None:
        """Wait until all of it is done."""
        self._executor.shutdown()
        pending, self._pending = self._pending, []
        for future in pending:
            future.result()
