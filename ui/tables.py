"""Rows for st.dataframe, which draws text on a canvas: nothing in it can become markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

import words
from model import Notification, Sample

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
