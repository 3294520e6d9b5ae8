"""Delivery: complete or not at all, and nothing the expert planted redirects a write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from environments import registry
from hub.attempt_server import attempt_uid, make_folders
from hub.delivery import deliver
from hub.sandbox.mode import isolation_mode
from hub.settings import Settings
from hub.store import Store
from hub.store.models import Attempt
from tests.hub.local_portal import ENVIRONMENT, PROFILE, LocalPortal, lay_assets
from tests.hub.records import add_attempt


def attempt_of(store: Store, attempt_id: int) -> Attempt:
    with store.read() as session:
        return session.get_one(Attempt, attempt_id)


@pytest.mark.sandbox
def test_planted_links_do_not_redirect_what_is_delivered(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    if isolation_mode(settings) == "none":
        pytest.skip("needs bubblewrap: install the package bubblewrap")
    lay_assets(settings)
    attempt = attempt_of(store, add_attempt(store))
    workspace = make_folders(settings, attempt.id) / "workspace"
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o777)
    outside.chmod(0o777)
    (outside / "precious").write_text("untouched")
    os.symlink(outside, workspace / "solution")
    os.symlink(outside / "precious", workspace / "instructions.md")
    deliver(settings, attempt, registry.load(ENVIRONMENT))
    deliver(settings, attempt, registry.load(ENVIRONMENT))
    assert {path.name for path in outside.iterdir()} == {"precious"}
    assert (outside / "precious").read_text() == "untouched"
    assert not (workspace / "solution").is_symlink()
    owner = attempt_uid(settings, attempt.id) if os.getuid() == 0 else os.getuid()
    assert (workspace / "solution" / "solution.py").stat().st_uid == owner


def test_what_is_delivered_follows_a_new_preparation_before_the_start(portal: LocalPortal) -> None:
    attempt_id = portal.assign()
    attempt, environment = attempt_of(portal.store, attempt_id), registry.load(ENVIRONMENT)
    deliver(portal.settings, attempt, environment)
    public = portal.settings.assets_folder(ENVIRONMENT, PROFILE) / "public"
    (public / "data.txt").unlink()
    (public / "other.txt").write_text("new")
    deliver(portal.settings, attempt, environment)
    delivered = portal.folder(attempt_id) / "environment" / "assets"
    assert [path.name for path in delivered.iterdir()] == ["other.txt"]


def test_large_assets_are_shared_not_copied(portal: LocalPortal) -> None:
    attempt_id = portal.assign()
    deliver(portal.settings, attempt_of(portal.store, attempt_id), registry.load(ENVIRONMENT))
    public = portal.settings.assets_folder(ENVIRONMENT, PROFILE) / "public"
    delivered = portal.folder(attempt_id) / "environment" / "assets" / "data.txt"
    assert delivered.samefile(public / "data.txt")
