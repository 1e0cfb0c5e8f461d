"""What the parts of the pages are tried on: a store filled by hand."""

from tests.staging import stage

__all__ = ["stage"]
