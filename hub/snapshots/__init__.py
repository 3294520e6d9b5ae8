"""Snapshots: hash-addressed copies of a solution, taken without trusting what lies in it."""

from hub.snapshots.limits import Limits, SnapshotRefused
from hub.snapshots.manifest import Manifest, SnapshotDamaged, SnapshotFile
from hub.snapshots.storing import extract, from_folder, load, verify
from hub.snapshots.taking import take

__all__ = [
    "Limits",
    "Manifest",
    "SnapshotDamaged",
    "SnapshotFile",
    "SnapshotRefused",
    "extract",
    "from_folder",
    "load",
    "take",
    "verify",
]
