"""One figure of a benchmark: printed, and kept in bench/results.json, from which the README's table is written."""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # Python looks only where a script lies, not for the house

RESULTS = Path(__file__).with_name("results.json")


def machine() -> str:
    """The machine in words: cores, kind, Python; no host name."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def report(script: str, what: str, measured: str, ratio: str, bar: str = "") -> None:
    """Keeps a row: ``what`` was ``measured``, its ``ratio`` to what was taken in the same run, the ``bar`` to reach."""
    print(f"{what}: {measured} ({ratio})" + (f"; bar {bar}" if bar else ""))
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    today = datetime.now(UTC).date().isoformat()
    row = {"measured": measured, "ratio": ratio, "bar": bar, "machine": machine(), "day": today}
    kept[f"{Path(script).name}: {what}"] = row
    RESULTS.write_text(json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
