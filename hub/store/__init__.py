"""The record: tables, migrations, and the few ways to read and write them."""

from hub.store.database import Store, open_store
from hub.store.upgrading import upgrade

__all__ = ["Store", "open_store", "upgrade"]
