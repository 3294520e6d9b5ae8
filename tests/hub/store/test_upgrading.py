"""The migrations lead to exactly the tables that the models describe."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from hub.settings import Settings
from hub.store import Store, open_store, upgrade
from hub.store.dialect import APPEND_ONLY
from hub.store.models import Base

UPGRADE = """
import sys
from pathlib import Path
from hub.settings import Settings
from hub.store import upgrade
upgrade(Settings(data=Path(sys.argv[1])))
"""


def test_the_migrated_schema_is_the_one_of_the_models(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_append_only_table_has_its_three_triggers(store: Store) -> None:
    with store.engine.connect() as connection:
        query = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
        guarded = [name for (name,) in connection.exec_driver_sql(query)]
    assert sorted(guarded) == sorted(3 * list(APPEND_ONLY))


def test_upgrading_twice_is_harmless(settings: Settings, store: Store) -> None:
    upgrade(settings)


def test_two_programs_may_upgrade_at_the_same_moment(settings: Settings) -> None:
    line = [sys.executable, "-c", UPGRADE, str(settings.root)]
    programs = [subprocess.Popen(line, cwd=Path(__file__).parents[3]) for _ in range(2)]
    assert [program.wait(60) for program in programs] == [0, 0]


def test_only_the_operator_reads_the_database(settings: Settings) -> None:
    upgrade(settings)
    store = open_store(settings)
    with store.write():
        pass
    assert stat.S_IMODE(settings.root.stat().st_mode) == 0o700
    for path in settings.root.glob("portal.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    store.close()
