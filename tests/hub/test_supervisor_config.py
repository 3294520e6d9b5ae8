"""The supervisor's configuration, read back as supervisord reads it."""

from __future__ import annotations

import os
import tempfile
from configparser import RawConfigParser
from pathlib import Path

import pytest

from hub import supervisor_config
from hub.errors import Unavailable
from hub.settings import Settings


def read(settings: Settings) -> RawConfigParser:
    parser = RawConfigParser(inline_comment_prefixes=(";", "#"))
    parser.read_string(supervisor_config.text(settings))
    return parser


def test_each_program_and_each_worker_is_supervised(tmp_path: Path) -> None:
    parser = read(Settings(data=tmp_path, workers=2))
    found = {name.removeprefix("program:") for name in parser if name.startswith("program:")}
    assert found == {"proxy", "hub", "service", "watchdog", "worker_00", "worker_01"}


def test_stopping_a_program_never_stops_its_process_group(settings: Settings) -> None:
    """Experts' servers hang on the Hub only by parentage; a group kill could reach them."""
    parser = read(settings)
    for section in (name for name in parser if name.startswith("program:")):
        assert parser[section]["stopasgroup"] == "false"
        assert parser[section]["killasgroup"] == "false"
        assert parser[section]["autorestart"] == "true"


def test_every_log_lies_in_the_one_log_folder_and_rotates(settings: Settings) -> None:
    parser = read(settings)
    for section in (name for name in parser if name.startswith("program:")):
        assert Path(parser[section]["stdout_logfile"]).parent == settings.logs_folder
        assert parser[section]["stdout_logfile_maxbytes"] == "10MB"


def test_another_value_of_a_portal_variable_makes_another_configuration(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is how `portal up` knows that running programs have to be replaced."""
    before = supervisor_config.text(settings)
    monkeypatch.setenv("OF_SOMEBODY_ELSE", "1")
    assert supervisor_config.text(settings) == before
    monkeypatch.setenv("PORTAL_TICK_SECONDS", "0.25")
    assert supervisor_config.text(settings) != before


def test_a_variable_with_odd_characters_spoils_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_ODD", 'a "b" 100% \n[program:evil]\ncommand=evil')
    assert "program:evil" not in read(settings)


def test_the_socket_lies_in_the_run_folder_if_its_path_is_short() -> None:
    settings = Settings(data=Path("/srv/portal"))
    assert supervisor_config.socket_path(settings) == settings.run_folder / "supervisor.sock"


def test_a_long_data_folder_gets_a_short_private_folder_for_the_socket(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / ("long" * 25))
    path = supervisor_config.socket_path(settings)
    assert path == supervisor_config.socket_path(settings)
    assert len(os.fsencode(path)) <= supervisor_config.SOCKET_PATH_BYTES
    assert path.parent.stat().st_mode & 0o077 == 0
    path.parent.rmdir()


def test_a_socket_folder_that_others_can_enter_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    settings = Settings(data=tmp_path / ("long" * 25))
    folder = supervisor_config.socket_path(settings).parent
    folder.chmod(0o777)
    with pytest.raises(Unavailable, match="not ours alone"):
        supervisor_config.socket_path(settings)
