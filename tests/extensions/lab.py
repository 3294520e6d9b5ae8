"""A real JupyterLab of the experts' interpreter environment with the panel of this checkout.

Nothing is installed for it: the panel's wheel is built, unpacked and put in front.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.settings import CHECKOUT, Settings
from tests.extensions.portal_stub import ATTEMPT, TOKEN

PANEL = CHECKOUT / "extensions" / "score_panel"
LAB_TOKEN = "lab-token"
SECONDS_TO_START = 60.0


@dataclass(frozen=True)
class Wheel:
    """The panel's wheel, unpacked as an installer would lay it."""

    names: list[str]  # of the members
    packages: Path  # for PYTHONPATH
    data: Path  # for the prefix: etc/ and share/


def build_wheel(folder: Path) -> Wheel:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=PANEL, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        archive.extractall(folder / "unpacked")
    (data,) = (folder / "unpacked").glob("*.data/data")
    return Wheel(names, folder / "unpacked", data)


@dataclass(frozen=True)
class Lab:
    """Where a started JupyterLab answers."""

    port: int
    home: Path
    log: Path
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/user/ada/a7/"

    def fetch(
        self,
        path: str,
        body: object = None,
        *,
        method: str | None = None,
        token: str = LAB_TOKEN,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Status and JSON (or text) of one call; a body makes it a POST."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, dict(headers or {}), method=method)
        if token:
            request.add_header("Authorization", f"token {token}")
        try:
            with urllib.request.urlopen(request, timeout=90) as response:
                return response.status, json.loads(response.read() or "null")
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode()
            is_json = error.headers.get_content_type() == "application/json"
            return error.code, json.loads(text) if is_json else text


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_lab(folder: Path, wheel: Wheel, service_url: str, *, hub_base: str) -> Iterator[Lab]:
    """Start JupyterLab as the spawner would, without the Hub and the sandbox."""
    home = folder / "home"
    home.mkdir(parents=True)
    port, path = free_port(), folder / "lab.log"
    with path.open("wb") as log:
        process = subprocess.Popen(
            [str(Settings().expert_python), "-m", "jupyterlab", *flags(port, home)],
            cwd=home,
            env=environment(home, wheel, service_url, hub_base),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        lab = Lab(port, home, path, process.pid)
        try:
            wait_until_it_answers(process, lab)
            yield lab
        finally:
            process.terminate()
            process.wait(20)


def flags(port: int, home: Path) -> list[str]:
    return [
        *(["--allow-root"] if os.geteuid() == 0 else []),
        "--no-browser",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.base_url=/user/ada/a7/",
        f"--ServerApp.root_dir={home}",
        f"--IdentityProvider.token={LAB_TOKEN}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",  # tests run Lab's commands by name
    ]


def environment(home: Path, wheel: Wheel, service_url: str, hub_base: str) -> dict[str, str]:
    """A clean environment: what a user's own Jupyter would bring in stays out."""
    return {
        "PATH": f"{Settings().expert_python.parent}:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(wheel.packages),
        "JUPYTER_PATH": str(wheel.data / "share/jupyter"),
        "JUPYTER_CONFIG_PATH": str(wheel.data / "etc/jupyter"),
        "JUPYTERHUB_API_TOKEN": TOKEN,
        "JUPYTERHUB_BASE_URL": hub_base,
        "PORTAL_SERVICE_URL": service_url,
        "PORTAL_ATTEMPT": str(ATTEMPT),
    }


def wait_until_it_answers(process: subprocess.Popen[bytes], lab: Lab) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            lab.fetch("api/status")
        except (ConnectionError, urllib.error.URLError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"JupyterLab did not start:\n{lab.log.read_text()[-4000:]}")
