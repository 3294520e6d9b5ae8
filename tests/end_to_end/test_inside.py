"""From inside the expert's own JupyterLab nothing of the operator's can be read or moved."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from hub.settings import CHECKOUT
from tests.end_to_end.portal import RunningPortal, Session, session

pytestmark = pytest.mark.hub


def both(session: Session, line: str) -> list[str]:
    """What a shell line prints in the terminal and in the kernel."""
    code = f"import subprocess\nprint(subprocess.getoutput({line!r}))"
    return [session.server.terminal(line), session.server.run(code)]


@pytest.fixture(scope="module")
def ada(portal: RunningPortal) -> Iterator[Session]:
    with session(portal, "ada", "optimize_kernel") as running:
        yield running


def test_private_assets_reference_and_database_do_not_exist_inside(ada: Session) -> None:
    root = ada.portal.settings.root
    targets = [
        root,
        root / "portal.db",
        root / "hub" / "jupyterhub.sqlite",
        root / "secrets" / "proxy_token",
        ada.portal.settings.assets_folder("fix_embedding", "small") / "private",
        CHECKOUT / "environments" / "optimize_kernel" / "reference",
        CHECKOUT / "hub",
        root / "attempts",
    ]
    for target in targets:
        assert target.exists(), f"the attack aims at nothing: {target}"
        for seen in both(ada, f"ls -la {target} 2>&1; cat {target} 2>&1"):
            assert seen.count("No such file or directory") >= 2, seen


def test_no_file_inside_holds_the_reference_solution(ada: Session) -> None:
    folder = CHECKOUT / "environments" / "optimize_kernel"
    starting = (folder / "starting" / "solution.py").read_text()
    reference = (folder / "reference" / "solution.py").read_text()
    known = set(starting.splitlines())
    telling = max((line for line in reference.splitlines() if line not in known), key=len)
    assert not files_with(ada, telling)
    assert files_with(ada, max(known, key=len)), "the search itself finds nothing"


def files_with(session: Session, line: str) -> str:
    code = (
        "import subprocess\n"
        f"words = ['grep', '-rlF', '-e', {line!r}, '/home', '/environment', '/portal']\n"
        "print(subprocess.run(words, capture_output=True, text=True).stdout)"
    )
    return session.server.run(code).strip()


def test_other_workspaces_and_processes_are_not_visible(ada: Session) -> None:
    assert ada.server.run("import os; print(os.listdir('/home'))") == "['expert']\n"
    pids = ada.server.run(" print([int(p) for p in os.listdir('/proc') if p.isdigit()])")
    cmdlines = ada.server.run(
        "import glob\n"
        "for f in glob.glob('/proc/[0-9]*/cmdline'):\n"
        "    try: print(open(f).read().replace(chr(0), ' '))\n"
        "    except OSError: pass"
    )
    assert "jupyterhub_config" not in cmdlines, pids
    assert "portal.db" not in cmdlines


def test_the_operators_environment_is_not_readable(ada: Session) -> None:
    code = "cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'; env"
    secrets = [path.read_text().strip() for path in ada.portal.settings.secrets_folder.iterdir()]
    assert len(secrets) >= 3
    for seen in both(ada, code):
        assert "PORTAL_DATA" not in seen
        assert not [secret for secret in secrets if secret in seen]


def test_the_proxys_admin_interface_and_the_host_are_unreachable(ada: Session) -> None:
    settings = ada.portal.settings
    for port in (settings.proxy_api_port, settings.port, 22):
        line = (
            f"timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port} && echo CONNEC''TED' 2>&1"
            " || echo closed"
        )
        for seen in both(ada, line):
            assert "CONNECTED" not in seen
    reachable = f"timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/{settings.hub_port} && echo OP''EN'"
    assert "OPEN" in ada.server.terminal(reachable), "the probe itself does not work"


def inside_request(method: str, path: str, body: str = "None") -> str:
    """Code that calls the service with the server's own token, as an expert could."""
    return (
        "import os, json, urllib.request, urllib.error\n"
        f"data = json.dumps({body}).encode() if {method!r} != 'GET' else None\n"
        f"request = urllib.request.Request(os.environ['PORTAL_SERVICE_URL'] + {path!r}, data,\n"
        "    {'Authorization': 'token ' + os.environ['JUPYTERHUB_API_TOKEN'],\n"
        f"     'Content-Type': 'application/json'}}, method={method!r})\n"
        "try:\n"
        "    answer = urllib.request.urlopen(request, timeout=20)\n"
        "    print('STATUS', answer.status, answer.read().decode()[:300])\n"
        "except urllib.error.HTTPError as error:\n"
        "    print('STATUS', error.code, error.read().decode()[:300])\n"
    )


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/attempts/{id}/extend", "{'seconds': 3600, 'reason': 'more'}"),
        ("POST", "/api/attempts/{id}/review", "{'verdict': 'accepted', 'reason': 'mine'}"),
        ("POST", "/api/attempts/{id}/entries", "{'score': -9.0}"),
        ("PUT", "/api/attempts/{id}/scores", "{'score': -9.0}"),
        ("PATCH", "/api/attempts/{id}", "{'started_at': '2030-01-01T00:00:00Z'}"),
        ("DELETE", "/api/attempts/{id}", "None"),
    ],
)
def test_log_and_clock_cannot_be_moved_with_the_servers_token(
    ada: Session, method: str, path: str, body: str
) -> None:
    before = ada.portal.view(ada.client, ada.attempt)
    seen = ada.server.run(inside_request(method, path.format(id=ada.attempt), body))
    assert "STATUS 4" in seen, seen
    after = ada.portal.view(ada.client, ada.attempt)
    for key in ("deadline", "started_at", "budget_seconds", "scores", "state"):
        assert after[key] == before[key]


def test_a_score_named_by_the_expert_is_ignored(ada: Session) -> None:
    body = "{'nonce': 'forged', 'score': -99.0, 'status': 'valid', 'working_seconds': 0}"
    seen = ada.server.run(inside_request("POST", f"/api/attempts/{ada.attempt}/scores", body))
    assert "STATUS 202" in seen or "STATUS 422" in seen
    entries = ada.portal.view(ada.client, ada.attempt)["entries"]
    assert all(entry["score"] != -99.0 for entry in entries)


def test_changing_the_clock_inside_changes_nothing(ada: Session) -> None:
    deadline = ada.portal.view(ada.client, ada.attempt)["deadline"]
    for seen in both(ada, "date -s '2001-01-01' 2>&1"):
        assert "cannot set date" in seen
    assert ada.portal.view(ada.client, ada.attempt)["deadline"] == deadline


def test_the_servers_token_cannot_steer_the_hub(ada: Session) -> None:
    code = inside_request("GET", "/healthz").replace(
        "os.environ['PORTAL_SERVICE_URL'] + '/healthz'",
        "os.environ['JUPYTERHUB_API_URL'] + '/users'",
    )
    assert "STATUS 403" in ada.server.run(code)


def test_another_experts_attempt_is_not_there(portal: RunningPortal, ada: Session) -> None:
    portal.add("bob")
    other = portal.assign("bob", "optimize_kernel")
    for path in (f"/api/attempts/{other}", f"/api/attempts/{other}/scores"):
        method = "POST" if path.endswith("scores") else "GET"
        seen = ada.server.run(inside_request(method, path, "{'nonce': 'x'}"))
        assert "STATUS 403" in seen or "STATUS 404" in seen, seen
    with portal.client("bob") as bob:
        answer: Any = bob.get(f"/services/portal/api/attempts/{ada.attempt}")
        assert answer.status_code in (403, 404)
        opened = bob.get(f"{ada.server.path}api/contents")
        assert opened.status_code in (403, 404), opened.url


def test_the_database_holds_only_what_the_portal_wrote(ada: Session) -> None:
    rows = sqlite3.connect(ada.portal.settings.root / "portal.db").execute(
        "select count(*) from score_entries where attempt_id = ? and worker = ''", (ada.attempt,)
    )
    assert rows.fetchone() == (0,)
    assert ada.portal.command("verify").returncode == 0
