"""Connections to one database, which take work as they are free; the first failure ends all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue

from datadump.mariadb.complaints import ServerError
from datadump.mariadb.server import Server
from datadump.mariadb.session import Session

Work = Callable[[Session], None]


class Connections:
    """These sessions, each with a thread of its own. For use by one thread.

    Who gives work, or waits for it, is raised what an earlier work has raised.
    """

    def __init__(self, sessions: Sequence[Session], pool: Executor) -> None:
        self._sessions, self._pool = sessions, pool
        self._free: SimpleQueue[Session] = SimpleQueue()
        self._failures: list[BaseException] = []
        for one in sessions:
            self._free.put(one)

    def run_everywhere(self, statement: bytes) -> None:
        """Run a setting over each, before any work is given."""
        for one in self._sessions:
            one.run(statement)

    def give(self, work: Work) -> Future[None]:
        """Have the work done by one that is free; waits until one is.

        So no more is in memory than what is under way. Work may wait for work that was given
        before: that is done, or under way.
        """
        one = self._free.get()
        self.require_success()
        return self._pool.submit(self._do, work, one)

    def finish(self) -> None:
        """Wait until all work is done."""
        for _ in self._sessions:
            self._free.get()
            self.require_success()

    def require_success(self) -> None:
        """No work has failed until now."""
        if self._failures:
            raise self._failures[0]

    def _do(self, work: Work, one: Session) -> None:
        try:
            work(one)
        except BaseException as error:
            self._failures.append(error)
            raise
        finally:
            self._free.put(one)


@contextmanager
def connections(server: Server, database: str, most: int) -> Iterator[Connections]:
    """So many, or as many as the server grants: at least one. Raises ServerError.

    Where the context fails, what they have under way is ended.
    """
    with ExitStack() as stack:
        sessions = [stack.enter_context(server.session(database))]
        for _ in range(1, most):
            try:
                sessions.append(stack.enter_context(server.session(database)))
            except ServerError:
                break
        with ThreadPoolExecutor(len(sessions)) as pool:
            try:
                yield Connections(sessions, pool)
            except BaseException:
                server.end(sessions, database)
                raise
