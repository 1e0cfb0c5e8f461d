"""One stretch in which one thing of the demo's platform is not well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from model import Status


@dataclass(frozen=True, slots=True)
class Trouble:
    """``kind`` says how it shows: slow, error, refused, silent (a job that does not report), vendor, ending."""

    subject: str
    start: datetime
    end: datetime
    status: Status
    kind: str

    def touches(self, start: datetime, end: datetime) -> bool:
        """Whether any of it lies in [start, end)."""
        return self.start < end and self.end > start
