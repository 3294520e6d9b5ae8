"""The two questions the service asks of the Hub, answered by a small HTTP server.

Enough for who may do what; that the real Hub answers like this is shown end to end.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

ACCESS = "access:services!service=portal"
ADMIN = "custom:portal:admin"


class HubStandIn:
    """Tokens with their owners; authorization codes with the token and challenge behind them."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, tuple[str, str]] = {}
        self.questions = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def add(self, name: str, *scopes: str, kind: str = "user") -> str:
        token = f"token-of-{name}"
        self.people[token] = {"name": name, "kind": kind, "scopes": [ACCESS, *scopes]}
        return token

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.questions += 1
                token = self.headers.get("Authorization", "").removeprefix("token ")
                model = hub.people.get(token) if self.path == "/hub/api/user" else None
                self._answer(200 if model else 403, model or {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
                if self.path != "/hub/api/oauth2/token" or "client_secret" not in form:
                    return self._answer(404, {})
                token, challenge = hub.codes.pop(form.get("code", ""), ("", ""))
                digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
                sent = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
                if not token or sent != challenge:
                    return self._answer(400, {})
                return self._answer(200, {"access_token": token})

            def _answer(self, status: int, model: dict[str, Any]) -> None:
                body = json.dumps(model).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:
                """Quiet."""

        return Handler
