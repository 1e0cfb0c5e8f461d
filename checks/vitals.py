"""Judges what browsers measured: a quantile of a Web Vital or a metric, or the share of what failed, over a window."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, model_validator

from checks._target import STRICT
from checks._tools import Tools
from duration import Seconds
from model import Measured, Question, Result, Status
from words import count, lasted

GOOD = {"LCP": 2500.0, "INP": 200.0, "CLS": 0.1, "FCP": 1800.0, "TTFB": 800.0, "FID": 100.0}


class Options(BaseModel):
    """Which measurements, of how long, and what is too slow or fails too often."""

    model_config = STRICT

    metric: str = Field(
        pattern=r"^(LCP|INP|CLS|FCP|TTFB|FID|(api|page|database|realtime)\.[A-Za-z0-9_.*-]{1,80})$",
        description="a Web Vital such as LCP, or a metric such as api.prescriptions or api.*",
    )
    route: str | None = Field(None, description="a template such as /prescriptions/[id]; left out: all")
    device: Literal["phone", "tablet", "desktop"] | None = Field(None, description="left out: all")
    window: Seconds = Field(3600.0, ge=3600, le=7 * 86_400, description="how far back")
    percentile: Literal[50, 75, 95] = Field(75, description="which quantile is judged")
    degraded_above: float | None = Field(
        None, gt=0, description="ms (CLS: no unit); of a Web Vital left out: where good ends"
    )
    down_above: float | None = Field(None, gt=0, description="ms; left out: it is never down for being slow")
    errors_above: float | None = Field(None, ge=0, le=100, description="per cent of a metric that may fail")
    least: int = Field(100, ge=1, description="measurements below which nothing is judged")

    @model_validator(mode="after")
    def _something_to_judge(self) -> Options:
        if self.errors_above is not None and self.metric in GOOD:
            raise ValueError("errors_above is for metrics such as api.*: a Web Vital cannot fail")
        if self.limit is None and self.down_above is None and self.errors_above is None:
            raise ValueError("expected degraded_above, down_above or errors_above: there is nothing to judge")
        return self

    @property
    def limit(self) -> float | None:
        return self.degraded_above if self.degraded_above is not None else GOOD.get(self.metric)


async def probe(options: Options, tools: Tools) -> Result:
    """What was measured in the window, judged; nothing is sent."""
    question = Question(options.metric, options.window, options.route, options.device)
    return judged(options, await tools.measured(question))


def judged(options: Options, found: Measured) -> Result:
    """Status out of the quantile and the share that failed; too few is unknown, never good."""
    value = {50: found.p50, 75: found.p75, 95: found.p95}[options.percentile]
    window = lasted(options.window if found.seconds is None else found.seconds)
    if found.n < options.least or value is None:
        return Result(Status.UNKNOWN, f"not enough data: {found.n} of {options.least} measurements in {window}")
    said = f"p{options.percentile} {_said(options.metric, value)} of {count(found.n, 'measurement')} in {window}"
    status = Status.UP
    if options.limit is not None and value > options.limit:
        status, said = Status.DEGRADED, f"{said}, above {_said(options.metric, options.limit)}"
    if options.down_above is not None and value > options.down_above:
        status = Status.DOWN
    if options.errors_above is not None and 100 * found.failed > options.errors_above:
        status, said = Status.DOWN, f"{100 * found.failed:.2f} % failed, above {options.errors_above:g} %; {said}"
    latency = None if options.metric == "CLS" or status is Status.DOWN else value
    return Result(
        status, said, latency, facts=(("measurements", str(found.n)), (f"p{options.percentile}", f"{value:.4g}"))
    )


def _said(metric: str, value: float) -> str:
    return f"{value:.3f}" if metric == "CLS" else f"{value:.0f} ms"
