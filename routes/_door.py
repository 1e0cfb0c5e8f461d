"""A door that the guard opens itself, past the sessions, compression and routes that Streamlit brings."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send


class Door:
    """For what comes a thousand times a second: those layers cost it more than all that is done in here."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError

    def refused(self) -> None:
        """The guard has refused a body that was sent here."""
