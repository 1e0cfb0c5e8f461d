"""Ways to test a thing: one file each with a docstring, ``Options`` and ``async probe(options, tools) -> Result``."""

from checks._run import run
from checks._tools import Tools, open_tools

__all__ = ["Tools", "open_tools", "run"]
