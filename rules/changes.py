"""What changed between two answers, what outside services tell anew, and what lies before a problem."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from model import Change, Deployment, Issue, Maintenance, VendorIncident

LATELY = timedelta(days=1)  # what is first heard of and older is no news
BEFORE = timedelta(hours=2)  # how long before a problem a change may explain it
SEEN = timedelta(minutes=5)  # a change is often seen a little after the problem that it made
SLACK = 5.0  # seconds by which an uptime may seem to shrink: clocks and rounding
RESULTS = ("watch", "checklist")  # what a problem makes, never what made it
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
    """What vendors announce, each once; those whose pages could not be read stand by what they said before."""
    kept = {each.id: each for each in before if each.vendor in unread}
    return tuple((kept | {each.id: each for each in after}).values())


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


def deployments(before: Sequence[Deployment], after: Sequence[Deployment], at: datetime) -> tuple[Change, ...]:
    """What serves production anew, and which production builds failed. What was ready long ago is no news."""
    old, known = _serving(before), {each.id: each.state for each in before}
    production = [each for each in after if each.target == "production"]
    now = _serving(production)
    made = []
    if now and (old is None or now.id != old.id) and (old or _fresh(now.ready or now.created, at)):
        back = old is not None and now.created < old.created
        waited = known.get(now.id) == "ready"  # it was staged: what people get changed only now
        words = f"{'rolled back to' if back else 'production:'} {named(now)}"
        made.append(
            Change(at if old and (back or waited) else _near(now.ready or now.created, at), "deployment", words)
        )
    for each in production:
        if each.state == "error" and known.get(each.id) != "error" and _fresh(each.created, at):
            made.append(Change(_near(each.created, at), "deployment", f"failed build: {named(each)}"))
    return tuple(made)


def _serving(found: Sequence[Deployment]) -> Deployment | None:
    return next((each for each in found if each.serving), None)


def named(each: Deployment) -> str:
    """A deployment in one line: commit, branch, message."""
    name = each.commit[:7] or each.id
    return f"{name} {each.branch}: {each.message}"[:200] if each.message else f"{name} {each.branch}".strip()


def issues(known: Collection[str], found: Iterable[Issue], at: datetime) -> tuple[Change, ...]:
    """Sentry issues that were first seen lately and that nobody knew of."""
    return tuple(
        Change(_near(each.first, at), "issue", f"new issue {each.short}: {each.title}"[:200])
        for each in found
        if each.id not in known and _fresh(each.first, at)
    )


def planned(windows: Iterable[Maintenance], since: datetime, now: datetime) -> tuple[Change, ...]:
    """Planned quiet that began or ended after ``since``, up to ``now``."""
    made = []
    for each in windows:
        for monitor in each.monitors if len(each.monitors) == 1 else (None,):
            for moment, words in ((each.start, "planned work begins"), (each.end, "planned work is over")):
                if since < moment <= now:
                    made.append(Change(moment, "maintenance", f"{words}: {each.title}"[:200], monitor))
    return tuple(made)


def nearest(found: Iterable[Change], since: datetime, monitor: str | None = None) -> tuple[Change, ...]:
    """What may explain a problem that began ``since``: the changes of the two hours before, nearest first.

    With ``monitor``: those of this monitor and those that concern all. A change that was seen a few minutes after the
    beginning counts as well, and comes first: what is wrong is often seen before what made it so.
    """
    fits = (each for each in found if each.monitor in (None, monitor) and each.kind not in RESULTS)
    near = [each for each in fits if since - BEFORE <= each.at <= since + SEEN]
    return tuple(sorted(near, key=lambda each: abs(each.at - since)))


def _fresh(moment: datetime, at: datetime) -> bool:
    return at - LATELY <= moment


def _runs(incident: VendorIncident, at: datetime) -> bool:
    over = incident.ended is not None or incident.state in ("resolved", "postmortem", "completed")
    return not over and incident.started <= at


def _near(moment: datetime, at: datetime) -> datetime:
    """The event's own time, but not after ``at`` and at most a day before: it is news when we learn of it."""
    return min(max(moment, at - LATELY), at)
