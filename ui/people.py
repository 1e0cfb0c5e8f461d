"""Who signs: the identity of `st.login` where it is configured, and then no other; else a typed name, not verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

FRESH, SKEW = timedelta(minutes=15), timedelta(minutes=1)  # how old a sign-in may be for a signature
OLD = "your sign-in is older than 15 minutes: sign in again"
ODD = "the identity provider does not say who you are (iss, sub, iat): nobody can be known by that"


@dataclass(frozen=True, slots=True)
class Signer:
    """``typed``: nobody can be known here, a name is typed. ``person`` is issuer and subject of who signed in.

    ``hinders`` says why this person cannot sign now.
    """

    typed: bool = False
    person: str = ""
    name: str = ""
    hinders: str = ""


def signer(user: Mapping[str, Any], now: datetime) -> Signer:
    """Who signs, from what Streamlit says of the viewer: it has ``is_logged_in`` only where [auth] is configured."""
    if "is_logged_in" not in user:
        return Signer(typed=True)
    if not user["is_logged_in"]:
        return Signer(hinders="sign in first")
    issuer, subject, issued = (user.get(claim) for claim in ("iss", "sub", "iat"))
    if not (isinstance(issuer, str) and issuer and isinstance(subject, str) and subject and _number(issued)):
        return Signer(hinders=ODD)
    name = next((said for claim in ("name", "email") if isinstance(said := user.get(claim), str) and said), subject)
    age = now - datetime.fromtimestamp(float(issued or 0), UTC)
    return Signer(person=f"{issuer}\n{subject}", name=name[:80], hinders="" if -SKEW <= age <= FRESH else OLD)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e11


def welcome() -> Signer:
    """The signer of this run; with buttons to sign in, again where it is long ago, or out."""
    who = signer(st.user, datetime.now(UTC))
    if who.typed:
        return who
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if who.person:
            st.text(f"Signed in as {who.name}")
            if st.button("Sign out"):
                st.logout()
        for provider in _providers() if who.hinders else ():
            label = f"Sign in {'again' if who.person else 'to sign'}{f' with {provider}' if provider else ''}"
            if st.button(label, type="primary", key=f"sign in {provider}"):
                st.login(provider)
    if who.hinders and not who.person:
        st.caption(f"Nobody signs by a typed name here: {who.hinders}. You come back on the Overview.")
    return who


def _providers() -> Sequence[str | None]:
    """The providers in [auth]: its own, or each of its sections."""
    try:
        auth = st.secrets["auth"]
    except (KeyError, FileNotFoundError):
        return (None,)
    sections = [name for name, value in auth.items() if isinstance(value, Mapping)]
    return (None,) if "client_id" in auth or not sections else sections
