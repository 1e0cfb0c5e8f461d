"""Which release a run is about."""

from __future__ import annotations

from datetime import datetime

from data import deployments
from data.store import Connection
from gate._world import LOOK_BACK


def release(c: Connection, now: datetime) -> str:
    """The commit that a run is about when none is named: the newest production deployment's, serving or not."""
    recent = deployments.between(c, now - LOOK_BACK, now)
    return next((each.commit or each.id for each in recent if each.target == "production"), "")
