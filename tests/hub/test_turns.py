"""One at a time over an attempt's files, and nobody waits for ever."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from hub.turns import turn


def test_a_second_one_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with turn(tmp_path, 10):
            order.append("second")

    with turn(tmp_path, 10):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_who_has_waited_long_enough_goes_on(tmp_path: Path) -> None:
    with turn(tmp_path, 1), turn(tmp_path, 0.1):
        pass
