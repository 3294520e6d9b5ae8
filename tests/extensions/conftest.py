"""One wheel for all tests, one JupyterLab for each module, a fresh attempt for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.settings import Settings
from tests.extensions.lab import Lab, Wheel, build_wheel, free_port, running_lab
from tests.extensions.portal_stub import PortalStub, service_url


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Wheel:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def expert_environment() -> None:
    if not Settings().expert_python.exists():
        pytest.skip("no interpreter environment of the experts: run `make setup`")


@pytest.fixture(scope="module")
def service_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def lab(
    wheel: Wheel,
    expert_environment: None,
    service_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Lab]:
    """With a Hub's path in its environment, so that the panel knows the portal's page."""
    folder = tmp_path_factory.mktemp("lab")
    with running_lab(folder, wheel, service_url(service_port), hub_base="/") as lab:
        yield lab


@pytest.fixture
def stub(service_port: int) -> Iterator[PortalStub]:
    """A fresh attempt for each test, at the address the JupyterLab knows."""
    stub = PortalStub(port=service_port)
    stub.start()
    yield stub
    stub.fault = ""
    stub.stop()
