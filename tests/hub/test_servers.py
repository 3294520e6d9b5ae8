"""Servers are frozen and ended by us, whether the Hub answers or not."""

from __future__ import annotations

import pytest

from hub.errors import Unavailable
from hub.servers import HubServers
from tests.hub.local_portal import LocalPortal


@pytest.fixture
def hubless(portal: LocalPortal) -> HubServers:
    """The real thing, pointed at a port where no Hub listens."""
    settings = portal.settings.model_copy(update={"port": 1})
    return HubServers(settings, portal.store, portal.now)


def test_without_the_hub_nothing_starts_and_readiness_is_unknown(
    portal: LocalPortal, hubless: HubServers
) -> None:
    attempt_id = portal.assign()
    with pytest.raises(Unavailable, match="Hub does not answer"):
        hubless.start(attempt_id)
    assert not hubless.ready(attempt_id)  # there is no process: no need to ask
    portal.servers.start(attempt_id)
    with pytest.raises(Unavailable):
        hubless.ready(attempt_id)


def test_without_the_hub_a_server_is_frozen_thawed_and_ended(
    portal: LocalPortal, hubless: HubServers
) -> None:
    attempt_id = portal.assign()
    portal.servers.start(attempt_id)
    hubless.freeze(attempt_id)
    assert portal.server(attempt_id).frozen_at == portal.now()
    hubless.thaw(attempt_id)
    assert portal.server(attempt_id).frozen_at is None
    hubless.freeze(attempt_id)
    hubless.stop(attempt_id)
    hubless.stop(attempt_id)
    assert not hubless.alive(attempt_id)
    assert portal.server(attempt_id).stopped_at == portal.now()


def test_what_is_not_there_is_harmless_to_freeze_thaw_and_stop(
    portal: LocalPortal, hubless: HubServers
) -> None:
    attempt_id = portal.assign()
    hubless.freeze(attempt_id)
    hubless.thaw(attempt_id)
    hubless.stop(attempt_id)
    assert not hubless.alive(attempt_id)


def test_a_start_is_not_asked_for_twice_within_seconds(
    portal: LocalPortal, hubless: HubServers
) -> None:
    attempt_id = portal.assign()
    with pytest.raises(Unavailable):
        hubless.start(attempt_id)
    hubless.start(attempt_id)  # says nothing: the first question may still be on its way
