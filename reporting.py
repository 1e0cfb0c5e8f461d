"""Our own errors go to Sentry, if it is told where: what broke and at which place in the code, and nothing else.

The sdk's defaults send local variables, source lines, URLs with their queries, headers and log arguments. Here an event
is built anew from what may leave: type of the error, file, function, line, the unfilled text of a log message. Messages
of errors stay here, for any of them may hold a key or a patient's name; the place is enough to mend it.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

NAME = "wardround"
AN_HOUR, MOST = 3600.0, 20  # events of one place in an hour: a bug that runs every second must not flood
PLAIN = ("event_id", "timestamp", "level", "platform", "release", "environment", "sdk", "logger")
FRAME = ("module", "function", "lineno", "in_app")
_sent: defaultdict[str, deque[float]] = defaultdict(deque)
_lock = Lock()


def start(dsn: str, environment: str, release: str) -> None:
    """Reports what is logged as an error, and what nobody caught, of this process. Raises nothing for a dead server."""
    import sentry_sdk
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration
    from sentry_sdk.integrations.logging import LoggingIntegration
    from sentry_sdk.integrations.threading import ThreadingIntegration
    from sentry_sdk.scrubber import EventScrubber

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=f"{NAME}@{release}",
        server_name=NAME,  # not the machine's
        default_integrations=False,
        auto_enabling_integrations=False,  # httpx's would send every query
        integrations=[
            AtexitIntegration(callback=lambda pending, timeout: None),
            ExcepthookIntegration(),
            LoggingIntegration(level=None, event_level=40),
            ThreadingIntegration(),
        ],
        include_local_variables=False,
        include_source_context=False,
        trace_propagation_targets=[],
        max_breadcrumbs=0,
        send_client_reports=False,
        auto_session_tracking=False,
        event_scrubber=EventScrubber(recursive=True),
        before_send=_bare,
        before_send_transaction=lambda event, hint: None,
        before_breadcrumb=lambda crumb, hint: None,
        shutdown_timeout=2,
    )


def stop() -> None:
    """Sends what waits, for two seconds at most, and reports nothing any more."""
    if "sentry_sdk" not in sys.modules:
        return  # it was never started
    import sentry_sdk

    sentry_sdk.get_client().close(timeout=2.0)
    sentry_sdk.get_global_scope().set_client(None)
    _sent.clear()


def _bare(event: Event, hint: Hint) -> Event | None:
    """What may leave of an event; None when its place has told enough for now."""
    said: dict[str, Any] = dict(event)
    made = {name: said[name] for name in PLAIN if name in said}
    values = _values(said.get("exception"))
    if values:
        made["exception"] = {"values": [_error(each) for each in values]}
    record: Any = hint.get("log_record")
    if not values and hasattr(record, "broke") and hasattr(record, "places"):
        made["exception"] = {"values": [_told(str(record.broke), record.places)]}
    template = (said.get("logentry") or {}).get("message")
    if isinstance(template, str) and "exception" not in made:
        made["logentry"] = {"message": template[:200]}
    made["server_name"] = NAME
    found: Any = made
    return found if _may(_place(made)) else None


def _values(exception: Any) -> list[dict[str, Any]]:
    values = exception.get("values") if isinstance(exception, dict) else None
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []


def _error(each: dict[str, Any]) -> dict[str, Any]:
    frames = (each.get("stacktrace") or {}).get("frames") or []
    kept = [{name: frame[name] for name in FRAME if name in frame} | _file(frame) for frame in frames]
    mechanism = {"type": "generic", "handled": bool((each.get("mechanism") or {}).get("handled", True))}
    named = {name: each.get(name) for name in ("type", "module")}
    return {**named, "value": "(the message stays here)", "mechanism": mechanism, "stacktrace": {"frames": kept}}


def _told(kind: str, places: Iterable[str]) -> dict[str, Any]:
    """What our own handlers wrote into a log record instead of the error itself."""
    split = [place.rpartition(":") for place in places]
    frames = [{"filename": f.rpartition("/")[2], "lineno": int(n)} for f, _, n in split if n.isdecimal()]
    return _error({"type": kind, "stacktrace": {"frames": frames}})


def _file(frame: dict[str, Any]) -> dict[str, str]:
    """The file as its module names it, without the folders of this machine."""
    name = str(frame.get("filename") or "")
    return {"filename": name.rpartition("/")[2] if name.startswith("/") else name}


def _place(event: dict[str, Any]) -> str:
    values = (event.get("exception") or {}).get("values") or []
    if not values:
        return str((event.get("logentry") or {}).get("message"))
    frames = values[-1]["stacktrace"]["frames"]
    last = frames[-1] if frames else {}
    return f"{values[-1]['type']} {last.get('module') or last.get('filename')} {last.get('lineno')}"


def _may(place: str) -> bool:
    now = time.monotonic()
    with _lock:
        times = _sent[place]
        while times and times[0] < now - AN_HOUR:
            times.popleft()
        if len(times) >= MOST or len(_sent) > 1000:
            return False
        times.append(now)
        return True
