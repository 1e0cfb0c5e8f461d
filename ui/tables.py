"""Rows for st.dataframe, which draws text on a canvas: nothing in it can become markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

import words
from model import Deployment, Issue, Leak, Notification, Release, Sample

STEPS = ("dns", "connect", "tls", "first_byte")
SAMPLES = {
    "at": st.column_config.DatetimeColumn("When", format="YYYY-MM-DD HH:mm:ss", width="medium"),
    "status": st.column_config.TextColumn("State", width="small"),
    "latency": st.column_config.NumberColumn("Latency", format="%.1f ms", width="small"),
    "words": st.column_config.TextColumn("Said", width="large"),
    **{name: st.column_config.NumberColumn(name.replace("_", " "), format="%.1f", width="small") for name in STEPS},
}

MESSAGES = {
    "written": st.column_config.DatetimeColumn("Written", format="YYYY-MM-DD HH:mm:ss"),
    "channel": st.column_config.TextColumn("Channel"),
    "message": st.column_config.TextColumn("Message", width="large"),
    "state": st.column_config.TextColumn("State", width="small"),
    "tries": st.column_config.NumberColumn("Tries", width="small"),
    "error": st.column_config.TextColumn("Error"),
}


def samples(found: Sequence[Sample], tz: ZoneInfo) -> pd.DataFrame:
    """Single samples, newest first; times on the site's clock, steps of an answer in ms."""
    steps = [name for name in STEPS if any(getattr(each.phases, name) is not None for each in found)]
    return pd.DataFrame(
        {
            "at": [each.at.astimezone(tz).replace(tzinfo=None) for each in found],
            "status": [words.STATUS_WORD[each.status] for each in found],
            "latency": pd.array([each.latency for each in found], dtype="Float64"),
            "words": [each.words for each in found],
            **{name: pd.array([getattr(each.phases, name) for each in found], dtype="Float64") for name in steps},
        }
    )


ISSUES = {
    "state": st.column_config.TextColumn("State", width=85),
    "issue": st.column_config.TextColumn("Issue", width=90),
    "title": st.column_config.TextColumn("Title", width="large"),
    "trend": st.column_config.BarChartColumn("24 hours", width="small", y_min=0),
    "events": st.column_config.NumberColumn("Events", format="localized", width="small"),
    "users": st.column_config.NumberColumn("Users", format="localized", width="small"),
    "level": st.column_config.TextColumn("Level", width="small"),
    "project": st.column_config.TextColumn("Project", width="small"),
    "where": st.column_config.TextColumn("Where", width="medium"),
    "first": st.column_config.DatetimeColumn("First seen", format="D MMM HH:mm", width=115),
    "last": st.column_config.DatetimeColumn("Last seen", format="D MMM HH:mm", width=115),
    "release": st.column_config.TextColumn(
        "Release", width="small", help="first seen in it; where Sentry names none, the newest one at that time"
    ),
    "environment": st.column_config.TextColumn("Environment", width="small"),
    "link": st.column_config.LinkColumn("Sentry", display_text="open", width="small"),
}
DEPLOYMENTS = {
    "created": st.column_config.DatetimeColumn("Created", format="D MMM HH:mm", width=115),
    "state": st.column_config.TextColumn("State", width="small"),
    "target": st.column_config.TextColumn("Target", width="small"),
    "commit": st.column_config.TextColumn("Commit", width="small"),
    "message": st.column_config.TextColumn("Message", width="large"),
    "branch": st.column_config.TextColumn("Branch", width="medium"),
    "queued": st.column_config.NumberColumn("Queued", format="%.0f s", width="small"),
    "built": st.column_config.NumberColumn("Build", format="%.0f s", width="small"),
    "error": st.column_config.TextColumn("Error", width="small"),
    "link": st.column_config.LinkColumn("Vercel", display_text="open", width="small"),
}
RELEASES = {
    "release": st.column_config.TextColumn("Release", width="small"),
    "created": st.column_config.DatetimeColumn("Created", format="D MMM HH:mm", width=115),
    "deployed": st.column_config.DatetimeColumn("Deployed", format="D MMM HH:mm", width=115),
    "environment": st.column_config.TextColumn("Environment", width="small"),
    "new": st.column_config.NumberColumn("New issues", width="small"),
    "free": st.column_config.NumberColumn("Crash-free", format="%.2f %%", width="small"),
    "sessions": st.column_config.NumberColumn("Sessions, 24 h", format="localized", width="small"),
    "projects": st.column_config.TextColumn("Projects", width="small"),
}
LEAKS = {
    "kind": st.column_config.TextColumn("What", width="small"),
    "path": st.column_config.TextColumn("Where in the event", width="large"),
    "issue": st.column_config.TextColumn("Issue", width="small"),
    "event": st.column_config.TextColumn("Event", width="medium"),
    "sdk": st.column_config.TextColumn("SDK", width="medium"),
}


def issues(found: Sequence[Issue], tz: ZoneInfo) -> pd.DataFrame:
    """Sentry issues in the order given; a column that says nothing of any of them is left out."""
    rows = pd.DataFrame(
        {
            "state": [each.state for each in found],
            "issue": [each.short for each in found],
            "title": [each.title for each in found],
            "trend": [list(each.hourly) for each in found],
            "events": [each.count for each in found],
            "users": [each.users for each in found],
            "level": [each.level for each in found],
            "project": [each.project for each in found],
            "where": [each.culprit for each in found],
            "first": [_wall(each.first, tz) for each in found],
            "last": [_wall(each.last, tz) for each in found],
            "release": [each.release[:7] for each in found],
            "environment": [each.environment for each in found],
            "link": [each.link or None for each in found],
        }
    )
    return rows.drop(columns=[name for name in ("release", "environment", "link") if not any(rows[name])])


def deployments(found: Sequence[Deployment], tz: ZoneInfo) -> pd.DataFrame:
    """Deployments, newest first; the one that serves says so in its state."""
    rows = pd.DataFrame(
        {
            "created": [_wall(each.created, tz) for each in found],
            "state": ["serves" if each.serving else each.state for each in found],
            "target": [each.target for each in found],
            "commit": [each.commit[:7] or each.id for each in found],
            "message": [each.message for each in found],
            "branch": [each.branch for each in found],
            "queued": pd.array([each.queued for each in found], dtype="Float64"),
            "built": pd.array([each.built for each in found], dtype="Float64"),
            "error": [each.error for each in found],
            "link": [each.link or None for each in found],
        }
    )
    return rows.drop(columns=[name for name in ("error", "link") if not any(rows[name])])


def releases(found: Sequence[Release], tz: ZoneInfo) -> pd.DataFrame:
    """Releases as Sentry knows them, newest first."""
    return pd.DataFrame(
        {
            "release": [each.version[:12] for each in found],
            "created": [_wall(each.created, tz) for each in found],
            "deployed": pd.Series(
                [_wall(each.deployed, tz) if each.deployed else pd.NaT for each in found], dtype="datetime64[us]"
            ),
            "environment": [each.environment for each in found],
            "new": [each.new_issues for each in found],
            "free": pd.array([each.crash_free for each in found], dtype="Float64"),
            "sessions": [each.sessions for each in found],
            "projects": [", ".join(each.projects) for each in found],
        }
    )


def leaks(found: Sequence[Leak]) -> pd.DataFrame:
    """Where something is that must not be in an event; the value itself is known to nobody here."""
    return pd.DataFrame([(e.kind, e.path, e.issue, e.event, e.sdk) for e in found], columns=list(LEAKS))


def _wall(at: datetime, tz: ZoneInfo) -> datetime:
    return at.astimezone(tz).replace(tzinfo=None)


def settings(shown: Iterable[tuple[str, str, object]]) -> pd.DataFrame:
    """The configuration as it was loaded, secrets as ***."""
    rows = [(table, key, str(value)) for table, key, value in shown]
    return pd.DataFrame(rows, columns=["Table", "Key", "Value"])


def messages(found: Sequence[Notification], tz: ZoneInfo) -> pd.DataFrame:
    """Messages, newest first, with what became of them."""
    return pd.DataFrame(
        {
            "written": [each.created.astimezone(tz).replace(tzinfo=None) for each in found],
            "channel": [each.channel for each in found],
            "message": [each.notice.title for each in found],
            "state": [_state(each) for each in found],
            "tries": [each.attempts for each in found],
            "error": [each.error for each in found],
        }
    )


def _state(each: Notification) -> str:
    return "given up" if each.dead else "sent" if each.sent else "waiting"
