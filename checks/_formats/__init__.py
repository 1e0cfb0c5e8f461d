"""Health documents as the world writes them, told apart by their shape and read into one."""

from checks._formats._document import Document
from checks._formats._read import read

__all__ = ["Document", "read"]
