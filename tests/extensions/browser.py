"""Chromium on a JupyterLab with the panel, with everything that went wrong written down."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page

from tests.extensions.lab import LAB_TOKEN, Lab


@dataclass
class Visitor:
    """One person's tab."""

    page: Page
    lab: Lab
    problems: list[str] = field(default_factory=list)  # of the console and the network

    def __post_init__(self) -> None:
        self.listen()

    def listen(self) -> None:
        self.page.set_default_timeout(30_000)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.problems.append(f"page: {error}"))
        self.page.on("response", self._answered)

    def come_back(self, path: str = "lab") -> None:
        """Close the tab and open another."""
        context = self.page.context
        self.page.close()
        self.page = context.new_page()
        self.listen()
        self.open(path)

    def _heard(self, message: object) -> None:
        if getattr(message, "type", "") == "error":
            self.problems.append(f"console: {getattr(message, 'text', '')}")

    def _answered(self, response: object) -> None:
        if getattr(response, "status", 0) >= 400:
            self.problems.append(f"{response.status} {response.url}")  # type: ignore[attr-defined]

    def open(self, path: str = "lab") -> None:
        """`reset` forgets the tabs of earlier tests."""
        self.page.goto(f"{self.lab.url}{path}?reset&token={LAB_TOKEN}")
        self.panel.wait_for()
        self.page.wait_for_selector(".jp-Launcher, .jp-NotebookPanel, .jp-FileEditor")

    @property
    def panel(self) -> Locator:
        return self.page.locator("#portal-score-panel")

    @property
    def clock(self) -> Locator:
        return self.page.locator(".portal-status")

    @property
    def score_button(self) -> Locator:
        return self.panel.get_by_role("button", name="Score", exact=True)

    def row(self, index: int) -> Locator:
        return self.panel.locator(".portal-log > li").filter(has_text=f"#{index}")

    def run_command(self, name: str, **arguments: object) -> None:
        """Start a command of Lab, as its menus do; does not wait for its end."""
        script = "([name, arguments]) => {window.jupyterapp.commands.execute(name, arguments)}"
        self.page.evaluate(script, [name, arguments])
