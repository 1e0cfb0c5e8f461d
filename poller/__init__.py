"""The loop, in a process of its own: probe what is due, judge it, keep it, say what is owed; no rule of its own."""

from poller._main import main

__all__ = ["main"]
