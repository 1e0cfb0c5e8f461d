"""Who signs: what Streamlit says of a viewer decides, never what is typed where sign-in is configured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ui import people
from ui.people import ODD, OLD, Signer

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADA = {"is_logged_in": True, "iss": "https://id.example", "sub": "7", "name": "Ada", "email": "ada@x.example"}


def at(minutes: float) -> int:
    return int((NOON - timedelta(minutes=minutes)).timestamp())


@pytest.mark.parametrize(
    ("user", "signer"),
    [
        ({}, Signer(typed=True)),
        ({"email": "test@example.com"}, Signer(typed=True)),
        ({"is_logged_in": False}, Signer(hinders="sign in first")),
        ({"is_logged_in": False, "name": "Ada", "iss": "x", "sub": "7"}, Signer(hinders="sign in first")),
        (ADA | {"iat": at(0)}, Signer(False, "https://id.example\n7", "Ada", "")),
        (ADA | {"iat": at(15)}, Signer(False, "https://id.example\n7", "Ada", "")),
        (ADA | {"iat": at(16)}, Signer(False, "https://id.example\n7", "Ada", OLD)),
        (ADA | {"iat": at(-5)}, Signer(False, "https://id.example\n7", "Ada", OLD)),
        (ADA | {"iat": at(1), "name": ""}, Signer(False, "https://id.example\n7", "ada@x.example", "")),
        (ADA | {"iat": at(1), "name": None, "email": 3}, Signer(False, "https://id.example\n7", "7", "")),
        (ADA, Signer(hinders=ODD)),
        (ADA | {"iat": "now"}, Signer(hinders=ODD)),
        (ADA | {"iat": True}, Signer(hinders=ODD)),
        (ADA | {"iat": at(1), "sub": ""}, Signer(hinders=ODD)),
        (ADA | {"iat": at(1), "iss": None}, Signer(hinders=ODD)),
    ],
)
def test_who_signs(user, signer) -> None:
    assert people.signer(user, NOON) == signer
