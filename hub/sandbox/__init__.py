"""The sandbox: what untrusted code may see, how it is started, frozen and really ended."""

from hub.sandbox.description import Sandbox
from hub.sandbox.launcher import launcher
from hub.sandbox.process import SandboxedProcess
from hub.sandbox.starting import run_tool, start

__all__ = ["Sandbox", "SandboxedProcess", "launcher", "run_tool", "start"]
