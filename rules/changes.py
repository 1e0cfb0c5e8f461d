"""What changed between two answers: a restart, a deployment, a certificate; and what vendors announce."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from model import Change, VendorIncident

SLACK = 5.0  # seconds by which an uptime may seem to shrink: clocks and rounding
DEPLOYED = (("commit", "commit {}"), ("deployment_id", "deployment {}"), ("version", "version {}"))


def seen(monitor: str, before: Mapping[str, str], now: Mapping[str, str], at: datetime) -> tuple[Change, ...]:
    """Changes between the facts of two answers; facts that one of them lacks say nothing."""
    made = [
        _deployed(monitor, before, now, at),
        _restarted(monitor, before, now, at),
        _renewed(monitor, before, now, at),
    ]
    return tuple(change for change in made if change is not None)


def _deployed(monitor: str, before: Mapping[str, str], now: Mapping[str, str], at: datetime) -> Change | None:
    for fact, words in DEPLOYED:
        old, new = before.get(fact), now.get(fact)
        if old and new and old != new and "unknown" not in (old, new):
            return Change(at, "commit", f"new {words.format(new[:12])} (before: {old[:12]})", monitor)
    return None


def _restarted(monitor: str, before: Mapping[str, str], now: Mapping[str, str], at: datetime) -> Change | None:
    old, new = _number(before.get("uptime")), _number(now.get("uptime"))
    if old is not None and new is not None and new < old - SLACK:
        return Change(at, "restart", f"restarted {new:.0f} s before it was seen", monitor)
    if before.get("pid") and now.get("pid") and before["pid"] != now["pid"]:
        return Change(at, "restart", f"another process answers (pid {now['pid'][:12]})", monitor)
    return None


def _renewed(monitor: str, before: Mapping[str, str], now: Mapping[str, str], at: datetime) -> Change | None:
    old, new = before.get("expires"), now.get("expires")
    if old and new and old != new:
        return Change(at, "certificate", f"another certificate, valid until {new[:10]}", monitor)
    return None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def standing(
    before: Iterable[VendorIncident], after: Iterable[VendorIncident], unread: Collection[str]
) -> tuple[VendorIncident, ...]:
    """What vendors announce, where those whose pages could not be read still stand by what they said before."""
    return (*after, *(each for each in before if each.vendor in unread))


def vendors(before: Iterable[VendorIncident], after: Iterable[VendorIncident], at: datetime) -> tuple[Change, ...]:
    """What vendors announced anew, and what is over; planned work counts from its beginning."""
    known = {each.id: each for each in before if _runs(each, at)}
    now = {each.id: each for each in after if _runs(each, at)}
    begun = [
        Change(_near(each.started, at), "vendor", f"{each.vendor}: {each.title} ({each.impact})")
        for key, each in now.items()
        if key not in known
    ]
    over = [Change(at, "vendor", f"{each.vendor}: over: {each.title}") for key, each in known.items() if key not in now]
    return (*begun, *over)


def _runs(incident: VendorIncident, at: datetime) -> bool:
    over = incident.ended is not None or incident.state in ("resolved", "postmortem", "completed")
    return not over and incident.started <= at


def _near(moment: datetime, at: datetime) -> datetime:
    """The event's own time, but not after ``at`` and at most a day before: it is news when we learn of it."""
    return min(max(moment, at - timedelta(days=1)), at)
