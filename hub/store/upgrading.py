"""Brings the database to the schema of this version of the portal (Alembic migrations)."""

from __future__ import annotations

import fcntl
from pathlib import Path

from alembic import command
from alembic.config import Config

from hub.settings import Settings
from hub.store import dialect

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(settings: Settings) -> None:
    """Creates or migrates the database. Harmless when it is current or done by two at once."""
    database = settings.root / "portal.db"
    dialect.create_file(database)
    with (settings.root / ".upgrade.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        engine = dialect.make_engine(settings.database_url)
        try:
            with engine.connect() as connection:
                dialect.use_write_ahead_log(connection)
            with engine.execution_options(**{dialect.BEGIN: "IMMEDIATE"}).begin() as connection:
                config = Config()
                config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        finally:
            engine.dispose()
