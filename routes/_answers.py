"""JSON as every door says it: never cached, never sniffed."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

NO_STORE = {"Cache-Control": "no-cache, no-store, must-revalidate"}


def answer(value: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer that no cache keeps."""
    return JSONResponse(value, status, headers={**NO_STORE, **{k.replace("_", "-"): v for k, v in headers.items()}})


def wrong(status: int, words: str) -> Response:
    """An error in JSON."""
    return answer({"error": words}, status)
