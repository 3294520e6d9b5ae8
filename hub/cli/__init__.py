"""The command line `portal`: thin commands over the same functions as the web pages."""

from hub.cli.app import app, main

__all__ = ["app", "main"]
