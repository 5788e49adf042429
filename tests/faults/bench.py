"""
A sandbox with jobs, a commit over a bad line, and what must hold afterwards.

Invariant I: applied, rejected, unknown and not_sent are disjoint and together the planned operations; the server
has carried out each create and each delete at most once, and whatever is reported as applied stands in its store;
what is reported as rejected or not sent left no trace; and no secret stands in any error.
"""

from __future__ import annotations

import contextlib
import time
from base64 import b64encode
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from accsyn_orm import Job, Session
from accsyn_orm.errors import AccsynError, CommitError, SessionError, TransportError
from accsyn_orm.sandbox import Sandbox
from accsyn_orm.sandbox.seeding import Seeder

from .cases import DEADLINE, READ_TIMEOUT, Case
from .proxy import Proxy, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from accsyn_orm.session.plan import Operation
    from accsyn_orm.wire.transport import Transport

    from .lines import LineFault

__all__ = ["OPERATIONS", "VERBS", "Bench", "Experiment", "Report"]

OPERATIONS = 20
VERBS = {"update": "PUT", "create": "POST", "delete": "DELETE", "mixed": None}
_ATTEMPTS = 5

Key = tuple[str, str]


@attrs.frozen
class Experiment:
    """
    One commit of OPERATIONS operations, and what happens to it.

    Args:
        verb: `update`, `create`, `delete`, or `mixed` for all three; on a line also `read`, which commits nothing.
        trouble: A fault of the sandbox, a rule of the proxy, or a fault of a line.
        nth: Which request of the verb the fault hits; of a mixed commit, which request at all.
    """

    verb: str
    trouble: Case | Rule | LineFault
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.verb} × {self.trouble} at request {self.nth}"


@attrs.define
class Report:
    """What an experiment showed."""

    fired: int = 0
    violations: list[str] = attrs.field(factory=list)
    lost: int = 0
    duplicated: int = 0


class Bench:
    """
    One sandbox with a proxy before it, used again for one experiment after the other.

    Args:
        transport: Makes what sessions send through; None for their own.
    """

    def __init__(self, transport: Callable[[], Transport] | None = None) -> None:
        self._stack = contextlib.ExitStack()
        self._transport = transport

    def __enter__(self) -> Self:
        self.sandbox = self._stack.enter_context(Sandbox(data="empty"))
        self.proxy = self._stack.enter_context(Proxy(self.sandbox.port))
        self.credentials = self.sandbox.credentials()
        key = self.credentials["api_key"]
        self.secrets = [key, b64encode(key.encode()).decode()]
        self._number = 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self, experiment: Experiment) -> Report:
        """Carry out an experiment: a commit under the fault, and a second one on a line that works."""
        report = Report()
        ids = self.reset()
        with self.session(experiment) as session:
            planned = self.prepare(session, experiment.verb, ids)
            self.inject(experiment)
            first = self.commit(session, report, "commit")
            self.examine(experiment, report, first)
            self.settle_down(experiment, report)
            check = _Check(self, report, planned)
            check.partition(planned.values(), first, "commit")
            check.traces(first)
            left = {_key(operation): operation for operation in session.plan()}
            second = self.commit(session, report, "second commit")
            check.partition(check.unsettled(left, first, second), second, "second commit")
            check.store([first, second])
        return report

    def reset(self) -> list[str]:
        """Forget everything of the experiment before; return the ids of new jobs."""
        sandbox = self.sandbox
        sandbox.faults.clear()
        self.proxy.begin()
        sandbox.requests.clear()
        sandbox.effects.clear()
        self._number += 1
        store = sandbox.workspace.store
        seeder = Seeder(store, self.credentials["username"])
        attributes: dict[str, Any] = {"status": "waiting", "finished": None, "parent": None}
        with sandbox.workspace.lock, store.writing():
            for row in store.rows(["transfer"]):
                store.remove(row.id)
            names = [f"stored {self._number}.{index}" for index in range(OPERATIONS)]
            return [seeder.put("transfer", name, **attributes).id for name in names]

    @contextlib.contextmanager
    def session(self, experiment: Experiment) -> Iterator[Session]:
        """Sign in on a line that works."""
        behind_proxy = isinstance(experiment.trouble, Rule)
        url = self.proxy.url if behind_proxy else self.sandbox.url
        with contextlib.ExitStack() as stack:
            transport = None if self._transport is None else self._transport()
            if transport is not None:
                stack.callback(transport.close)
            yield stack.enter_context(contextlib.closing(self.open(url, transport)))

    def open(self, url: str, transport: Transport | None) -> Session:
        """Open a session; a machine that is busy with the other benches may need more than one attempt."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return Session(
                    self.credentials["workspace"],
                    self.credentials["username"],
                    self.credentials["api_key"],
                    url=url,
                    timeout=READ_TIMEOUT,
                    deadline=DEADLINE,
                    transport=transport,
                    rate_limit=False,
                )
            except TransportError:
                if attempt == _ATTEMPTS:
                    raise
        raise RuntimeError("unreachable: the last attempt returns or raises")

    def prepare(self, session: Session, verb: str, ids: list[str]) -> dict[Key, Operation]:
        """Change, add and delete; return what the commit would send."""
        jobs = {job.id: job for job in Job.objects.using(session)}
        for index, ident in enumerate(ids):
            does = verb if verb != "mixed" else ("update", "create", "delete")[index % 3]
            if does == "update":
                jobs[ident].description = f"planned {index}"
            elif does == "delete":
                session.delete(jobs[ident])
            else:
                session.add(Job(name=f"planned {self._number}.{index}"))
        return {_key(operation): operation for operation in session.plan()}

    def inject(self, experiment: Experiment) -> None:
        """Let the line go bad."""
        trouble = experiment.trouble
        if isinstance(trouble, Rule):
            self.proxy.begin(trouble)
            return
        if not isinstance(trouble, Case):
            raise TypeError(f"{trouble} takes a bench that knows it")
        method = VERBS[experiment.verb]
        self.sandbox.faults.add(
            method, None if method else "job/*", nth=experiment.nth, kind=trouble.kind, **trouble.options
        )

    def commit(self, session: Session, report: Report, name: str) -> Any:
        """Return the outcomes of a commit, or None where nothing was even tried."""
        try:
            return session.commit()
        except CommitError as error:
            self.check_secrets(error, report, name)
            for outcome in (*error.rejected, *error.unknown, *error.not_sent):
                self.check_secrets(outcome.error, report, name)
            return error
        except AccsynError as error:
            # The listings could not be drained, or a create is not settled: the plan was not begun.
            self.check_secrets(error, report, name)
            if not isinstance(error, SessionError):
                report.violations.append(f"{name}: raised {type(error).__name__} in place of CommitError")
            return None
        except Exception as error:  # noqa: BLE001 - the harness counts it
            report.violations.append(f"{name}: raised {type(error).__name__}: {error}")
            return None

    def check_secrets(self, error: BaseException | None, report: Report, name: str) -> None:
        """Look for the API key in an error and in those that it came from."""
        while error is not None:
            text = f"{error} {error!r} {error.args!r} {vars(error)!r}"
            if any(secret in text for secret in self.secrets):
                report.violations.append(f"{name}: a secret stands in {type(error).__name__}")
            error = error.__cause__

    def examine(self, experiment: Experiment, report: Report, result: Any) -> None:
        """Look at a commit while the line is bad; a subclass may know more of what has to hold then."""

    def settle_down(self, experiment: Experiment, report: Report) -> None:
        """Mend the line, and wait for what is applied late."""
        trouble = experiment.trouble
        report.fired = len(self.sandbox.faults.log) + self.proxy.fired
        self.sandbox.faults.clear()
        self.proxy.begin()
        if isinstance(trouble, Case) and trouble.kind in {"apply_late", "slow"} and report.fired:
            time.sleep(float(trouble.options["delay"]) + 0.1)


def _key(operation: Operation) -> Key:
    return operation.kind.value, operation.id or operation.label


def _outcomes(result: Any) -> dict[str, list[Any]]:
    return {
        name: [] if result is None else [outcome.operation for outcome in getattr(result, name)]
        for name in ("applied", "rejected", "unknown", "not_sent")
    }


class _Check:
    """Hold what was reported against what the server has."""

    def __init__(self, bench: Bench, report: Report, planned: dict[Key, Operation]) -> None:
        self.report = report
        self.planned = planned
        self.sandbox = bench.sandbox
        self.documents: dict[str, dict[str, Any]] = {}
        self.names: Counter[str] = Counter()

    def look(self) -> None:
        workspace = self.sandbox.workspace
        with workspace.lock:
            self.documents = {row.id: row.document for row in workspace.store.rows(["transfer"])}
        self.names = Counter(document["name"] for document in self.documents.values())

    def partition(self, planned: Any, result: Any, name: str) -> None:
        """Check that the four outcomes are disjoint and together the plan."""
        if result is None:
            return
        reported = [_key(each) for operations in _outcomes(result).values() for each in operations]
        wanted = [_key(operation) for operation in planned]
        if Counter(reported) != Counter(wanted):
            missing, more = Counter(wanted) - Counter(reported), Counter(reported) - Counter(wanted)
            self.report.violations.append(
                f"{name}: not reported {sorted(missing)}, reported too often {sorted(more)}"
            )

    def unsettled(self, left: dict[Key, Operation], first: Any, second: Any) -> list[Operation]:
        """
        Return what a second commit has to report.

        It first looks up the creates whose answers did not come; those that it finds are no longer its business.
        """
        self.look()
        open_ends = {_key(operation) for operation in _outcomes(first)["unknown"]}
        reported = {_key(each) for operations in _outcomes(second).values() for each in operations}
        return [
            operation
            for key, operation in left.items()
            if key in reported or key[0] != "create" or key not in open_ends or not self.names[key[1]]
        ]

    def traces(self, result: Any) -> None:
        """Check what one commit reported against the server's log of effects."""
        self.look()
        touched = Counter((effect.kind, effect.id) for effect in self.sandbox.effects)
        outcomes = _outcomes(result)
        if result is None:
            outcomes["not_sent"] = list(self.planned.values())
        for name in ("rejected", "not_sent"):
            for operation in outcomes[name]:
                kind, which = _key(operation)
                count = self.names[which] if kind == "create" else touched[kind, which]
                if count:
                    self.report.violations.append(f"{operation.title} is reported {name} and was applied")

    def store(self, results: list[Any]) -> None:
        """Check the end: what was reported applied is there, and nothing is there twice."""
        self.look()
        told = [
            outcome.error
            for result in results
            if result is not None
            for name in ("rejected", "unknown", "not_sent")
            for outcome in getattr(result, name)
        ]
        announced = any(type(error).__name__ == "DuplicateDetected" for error in told)
        for (kind, which), operation in self.planned.items():
            if kind == "create" and self.names[which] > 1 and not announced:
                self.report.duplicated += 1
                self.report.violations.append(f"{operation.title} exists {self.names[which]} times")
        deletions = Counter(effect.id for effect in self.sandbox.effects if effect.kind == "delete")
        self.report.violations += [f"{ident} was deleted twice" for ident, n in deletions.items() if n > 1]
        for result in results:
            for operation in _outcomes(result)["applied"]:
                if not self.stands(operation):
                    self.report.lost += 1
                    self.report.violations.append(f"{operation.title} is reported applied and is not there")

    def stands(self, operation: Operation) -> bool:
        kind, which = _key(operation)
        if kind == "create":
            return self.names[which] > 0
        if kind == "delete":
            return which not in self.documents
        document = self.documents.get(which)
        return document is not None and all(
            document.get(change.attribute) == change.after for change in operation.changes
        )
