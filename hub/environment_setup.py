"""Brings environments to the point where they can be attempted: assets built, scale measured."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from environments import calibration, preparing, registry
from environments.calibration import Calibration
from environments.contract import Environment, Profile, ProgressReport
from environments.launching import Launcher
from hub.errors import BadInput
from hub.means import load_environment
from hub.sandbox import launcher
from hub.settings import Settings

REPEATS = 3  # scorings of each end when `portal prepare` measures the scale


def select(names: Iterable[str], profile: str) -> list[Environment]:
    """The environments named, or all that have the profile. Raises `NotFound`, `BadInput`."""
    wanted = [load_environment(name) for name in names]
    for environment in wanted:
        profile_of(environment, profile)
    return wanted or [one for one in registry.load_all().values() if profile in one.profiles]


def profile_of(environment: Environment, name: str) -> Profile:
    if name not in environment.profiles:
        known = ", ".join(environment.profiles)
        raise BadInput(f"{environment.name} has no profile {name!r}.", hint=f"It has: {known}.")
    return environment.profiles[name]


def operator_launcher(settings: Settings, environment: Environment, purpose: str) -> Launcher:
    """Sandboxes as a worker's, under the last reserved uid, which no attempt or request has."""
    return launcher(settings, settings.first_uid + 199_999, f"{purpose}-{environment.name}")


def is_ready(settings: Settings, environment: Environment, profile: str) -> bool:
    """Whether an attempt could be prepared without waiting for the operator."""
    assets = settings.assets_folder(environment.name, profile)
    current = preparing.is_prepared(environment, assets)
    return current and calibration.load(assets) is not None


def prepare(
    settings: Settings,
    environment: Environment,
    profile: str,
    progress: ProgressReport,
    *,
    force: bool = False,
) -> None:
    """Build the assets and, where missing, measure the scale. Raises `ScorerFailure`."""
    size = profile_of(environment, profile)
    assets = settings.assets_folder(environment.name, profile)
    run = preparing.trusted_run(settings.expert_python)
    preparing.prepare(environment, size, assets, run, force=force, progress=progress)
    if calibration.load(assets) is None:
        calibrate(settings, environment, profile, REPEATS, progress)


def calibrate(
    settings: Settings,
    environment: Environment,
    profile: str,
    repeats: int,
    progress: ProgressReport,
) -> Calibration:
    """Measure and keep both ends of the scale. Raises `BadInput` if there are no assets."""
    size, assets = profile_of(environment, profile), assets_of(settings, environment, profile)
    launch = operator_launcher(settings, environment, "calibrate")
    return calibration.calibrate(environment, size, assets, launch, repeats, progress=progress)


def assets_of(settings: Settings, environment: Environment, profile: str) -> Path:
    """The assets folder. Raises `BadInput` if they are not prepared or out of date."""
    assets = settings.assets_folder(environment.name, profile)
    if not preparing.is_prepared(environment, assets):
        raise BadInput(
            f"{environment.name} ({profile}) is not prepared, or by another version of it.",
            hint=f"portal prepare {environment.name} --profile {profile}",
        )
    return assets
