"""The store: short read and write transactions on the portal's database, from any process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hub.errors import Unavailable
from hub.settings import Settings
from hub.store import dialect


class Store:
    """Opens sessions. Objects stay readable after their session has ended."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(**{dialect.BEGIN: "IMMEDIATE"})

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction that holds the write lock from its start: what it reads stays true.

        Committed when the block ends, undone when it raises. Waits for other writers; raises
        `Unavailable` after `dialect.BUSY_SECONDS`. Keep it short: no processes, no network.
        """
        with Session(self._writing, expire_on_commit=False) as session:
            try:
                session.connection()  # takes the lock now, not at the first statement
            except OperationalError as error:
                raise _translated(error) from error
            yield session
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent view of the database; changes are thrown away."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    def close(self) -> None:
        """Closes pooled connections. The store may be used again."""
        self.engine.dispose()


def open_store(settings: Settings) -> Store:
    """The store of this data folder. Its tables are made by `hub.store.upgrade` (`portal up`).

    Raises `Unavailable` if there is no database yet.
    """
    path = settings.root / "portal.db"
    if not path.exists():
        raise Unavailable(
            f"There is no database in {settings.root}.", hint="Start the portal with `make up`."
        )
    return Store(dialect.make_engine(settings.database_url))


def _translated(error: OperationalError) -> Exception:
    if not dialect.is_busy(error):
        return error
    return Unavailable(
        "The portal's database is busy.",
        hint="Try again in a minute.",
        log=f"no write lock within {dialect.BUSY_SECONDS:g} s: {error}",
    )
