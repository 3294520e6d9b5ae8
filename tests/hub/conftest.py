"""A data folder and a store of its own for every test that asks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from hub.settings import Settings
from hub.store import Store, open_store, upgrade
from tests.hub.local_portal import LocalPortal, lay_assets, opened

# A busy machine may take long over one example; how long is not what these tests are about.
hypothesis.settings.register_profile("portal", deadline=None)
hypothesis.settings.load_profile("portal")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated once; each test gets a copy."""
    settings = Settings(data=tmp_path_factory.mktemp("empty") / "var")
    upgrade(settings)
    return settings.root / "portal.db"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "var")


@pytest.fixture
def store(settings: Settings, empty_database: Path) -> Iterator[Store]:
    """An empty database with the current schema."""
    settings.root.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(empty_database, settings.root)
    store = open_store(settings)
    yield store
    store.close()


@pytest.fixture
def portal(settings: Settings, store: Store) -> Iterator[LocalPortal]:
    """A portal with a prepared environment; its servers are plain processes, not sandboxed."""
    settings = settings.model_copy(update={"isolation": "none"})
    lay_assets(settings)
    with opened(settings) as portal:
        yield portal
