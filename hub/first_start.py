"""What a portal needs before its programs run: data folder, database, first accounts."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select

from environments import registry
from hub import people
from hub.errors import BadInput, Unavailable
from hub.lifecycle import Lifecycle
from hub.settings import Settings
from hub.store import Store, open_store, upgrade
from hub.store.models import Person

FIRST_ADMIN, FIRST_EXPERT = "admin", "expert"


@dataclass(frozen=True)
class FirstAccounts:
    """The accounts that a first start made; the passwords exist nowhere else."""

    passwords: dict[str, str] = field(default_factory=dict)
    assigned: list[str] = field(default_factory=list)  # environments, to the first expert


def make_ready(settings: Settings) -> FirstAccounts:
    """Make or migrate everything below the data folder. Accounts only if there are none."""
    make_data_folder(settings)
    upgrade(settings)
    store = open_store(settings)
    try:
        return _first_accounts(settings, store)
    finally:
        store.close()


def make_data_folder(settings: Settings) -> None:
    """The data folder with mode 0700. Raises `BadInput` or `Unavailable` if that cannot be."""
    try:
        settings.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.root.chmod(0o700)
    except (FileExistsError, NotADirectoryError) as error:
        raise BadInput(f"{settings.root} is not a folder.", hint="Set PORTAL_DATA.") from error
    except PermissionError as error:
        raise Unavailable(
            f"{settings.root} cannot be written by you.",
            hint="Set PORTAL_DATA to a folder of yours, or start the portal as its owner.",
        ) from error


def _first_accounts(settings: Settings, store: Store) -> FirstAccounts:
    with store.read() as session:
        if session.scalar(select(Person.name).limit(1)) is not None:
            return FirstAccounts()
    passwords = {
        FIRST_ADMIN: people.add(store, FIRST_ADMIN, "admin"),
        FIRST_EXPERT: people.add(store, FIRST_EXPERT, "expert"),
    }
    return FirstAccounts(passwords, _assign_all(settings, store))


def _assign_all(settings: Settings, store: Store) -> list[str]:
    """Something to do for the first expert: every environment of the profile."""
    lifecycle = Lifecycle(settings, store)
    assigned = []
    for environment in registry.load_all().values():
        if settings.profile in environment.profiles:
            lifecycle.assign(
                FIRST_EXPERT,
                environment.name,
                settings.profile,
                environment.time_budget_seconds,
                FIRST_ADMIN,
            )
            assigned.append(environment.name)
    return assigned
