"""The Chrome UX Report as the demo plays it: one record for all devices, one for phones, one for desktops."""

from __future__ import annotations

from datetime import date, timedelta

from demo.answer import Answer, Request, json_of

KEY, ORIGIN = "AIzaTheDemoKeepsNoSecret", "https://prescriptions.example.com"
PREFIX = "/crux"
P75 = {"largest_contentful_paint": 2240, "interaction_to_next_paint": 190, "first_contentful_paint": 1390}
FORMS = {"PHONE": 1.22, "DESKTOP": 0.74}


def answer(request: Request, today: date) -> Answer:
    """POST /v1/records:queryRecord, of 28 days up to two days ago; CLS is a text there."""
    factor = next((factor for form, factor in FORMS.items() if form in request.body), 1.0)
    metrics: dict[str, object] = {name: {"percentiles": {"p75": round(value * factor)}} for name, value in P75.items()}
    metrics["cumulative_layout_shift"] = {"percentiles": {"p75": f"{0.045 * factor:.2f}"}}
    last = today - timedelta(days=2)
    period = {"firstDate": _day(last - timedelta(days=27)), "lastDate": _day(last)}
    return json_of({"record": {"key": {"origin": ORIGIN}, "metrics": metrics, "collectionPeriod": period}})


def _day(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}
