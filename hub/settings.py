"""Every knob of the portal, defined once: environment variables `PORTAL_…` or the default."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """Where things are and on which ports. Does not say who may do what (roles do)."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_", frozen=True)

    data: Path = Field(default=CHECKOUT / "var", description="The one data folder, mode 0700.")
    address: str = Field(default="127.0.0.1", description="Address the public port listens on.")
    port: int = Field(
        default=8000, ge=1, le=65532, description="Public port; the three after it are internal."
    )
    profile: str = Field(
        default="small", description="Profile of the environments: small or paper."
    )
    workers: int = Field(default=1, ge=1, description="Scorer workers on this machine.")
    expert_environment: Path = Field(
        default=CHECKOUT / ".venv-expert", description="Interpreter environment of the experts."
    )
    proxy_folder: Path = Field(
        default=CHECKOUT / ".tools" / "proxy", description="Folder with node_modules of the proxy."
    )
    isolation: str = Field(default="auto", description="auto, or none to do without the sandbox.")
    first_uid: int = Field(
        default=210_000, description="First of 200,000 reserved uids (root only)."
    )
    tick_seconds: float = Field(default=0.5, description="How often enforcers look at the clock.")
    lease_seconds: float = Field(
        default=15.0, description="A silent worker loses its request after."
    )

    @property
    def proxy_api_port(self) -> int:
        return self.port + 1

    @property
    def hub_port(self) -> int:
        return self.port + 2

    @property
    def service_port(self) -> int:
        return self.port + 3

    @cached_property
    def root(self) -> Path:
        """The data folder, absolute."""
        return self.data.expanduser().resolve()

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.root / 'portal.db'}"

    @property
    def hub_folder(self) -> Path:
        return self.root / "hub"

    @property
    def secrets_folder(self) -> Path:
        return self.root / "secrets"

    @property
    def logs_folder(self) -> Path:
        return self.root / "logs"

    @property
    def run_folder(self) -> Path:
        return self.root / "run"

    @property
    def snapshots_folder(self) -> Path:
        return self.root / "snapshots"

    def assets_folder(self, environment: str, profile: str) -> Path:
        """Holds `public/`, `private/` and `calibration.json` of one prepared environment."""
        return self.root / "environments" / profile / environment

    def attempt_folder(self, attempt_id: int) -> Path:
        """Holds `workspace/` (the expert's home) and `environment/` (read-only inside)."""
        return self.root / "attempts" / str(attempt_id)

    @property
    def public_url(self) -> str:
        return f"http://{self.address}:{self.port}"

    @property
    def hub_api_url(self) -> str:
        return f"http://127.0.0.1:{self.hub_port}/hub/api"

    @property
    def service_url(self) -> str:
        return f"http://127.0.0.1:{self.service_port}/services/portal"

    @property
    def expert_python(self) -> Path:
        return self.expert_environment / "bin" / "python"

    def secret(self, name: str) -> str:
        """A random token kept in `secrets/NAME`, made at first use, readable by us only."""
        return _secret(self.secrets_folder / name)


def _secret(path: Path) -> str:
    import os
    import secrets

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(24))
    return path.read_text().strip()
