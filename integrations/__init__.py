"""Outside services that are read: one file each with ``Options``, ``READINGS`` and ``async fetch(...) -> Snapshot``."""

from integrations._run import fetch
from integrations._tools import Tools, open_tools

__all__ = ["Tools", "fetch", "open_tools"]
