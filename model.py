"""The nouns of Wardround: each a frozen value; nothing here does anything.

Every moment is an aware UTC ``datetime``; every latency is in milliseconds; every duration that is not a latency is in
seconds. These values are the only thing that passes between rooms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What is known of a series. UNKNOWN means nobody looked, or we could not measure: never up, never down."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"


class Fault(Exception):
    """A check says what is wrong out there, in words a person can act on.

    ``network`` is true when no answer came at all (name, route, refusal, time-out while connecting): only such a fault
    can mean that it is our own line that is cut. ``result`` carries what was seen all the same.
    """

    def __init__(self, words: str, *, network: bool = False, result: Result | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.network = network
        self.result = result


class Secret:
    """A value that is never printed, stored or shown; ``reveal()`` is called only where it goes on the wire."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


# --- what is watched -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Monitor:
    """One thing watched: a check, its options, how often, how patiently."""

    key: str
    name: str
    check: str
    options: Any  # the frozen pydantic Options of checks/<check>.py
    every: float = 30.0
    timeout: float = 10.0
    slow: float | None = None  # seconds; slower than this is degraded
    confirm: int = 2
    group: str = "Everything else"
    critical: bool = False
    public: str | None = None
    runbook: str | None = None
    depends_on: tuple[str, ...] = ()
    paused: bool = False

    @property
    def horizon(self) -> float:
        """Seconds after the last sample from which nothing is known any more: two intervals plus the time-out."""
        return 2 * self.every + self.timeout


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Planned quiet. ``monitors`` empty means all of them."""

    title: str
    start: datetime
    end: datetime
    monitors: tuple[str, ...] = ()
    public: bool = True


@dataclass(frozen=True, slots=True)
class Channel:
    """One place to tell: an Apprise URL. ``on`` holds the statuses whose start is told, and so is their end.

    ``anchor``: it is also told, hourly, where the audit trail ends.
    """

    key: str
    url: Secret
    on: tuple[Status, ...] = (Status.DOWN,)
    timeout: float = 20.0
    anchor: bool = False


# --- what a probe sees -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phases:
    """Milliseconds spent in each stretch of one probe; None where the stretch did not happen or was not reached."""

    dns: float | None = None
    connect: float | None = None
    tls: float | None = None
    first_byte: float | None = None
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A named component inside a health document; it gets a series of its own, ``<monitor>/<name>``."""

    name: str
    status: Status
    latency: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not an outage but wrong: a stable ``kind``, what was seen, how to mend it, of which part."""

    kind: str
    words: str
    fix: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A backup that lies somewhere: when it was made, its bytes, what was found when it was read, and in words why.

    ``changed`` is when the file had changed last as it was read, None where nothing came of it; ``tables`` with data.
    """

    at: datetime
    name: str
    size: int
    wrong: str = ""
    status: Status = Status.UNKNOWN
    changed: datetime | None = None
    tables: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What one probe saw. ``facts`` are short pairs such as commit, pid, uptime, http_status, expires."""

    status: Status
    words: str = ""
    latency: float | None = None  # ms; None when the probe failed
    phases: Phases = Phases()
    parts: tuple[Part, ...] = ()
    findings: tuple[Finding, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    network: bool = False  # failed without any answer: may be our own line
    stored: tuple[Stored, ...] = ()  # backups, newest first


@dataclass(frozen=True, slots=True)
class Sample:
    """A result stamped with its series and moment; never edited."""

    series: str
    at: datetime
    status: Status
    latency: float | None = None
    words: str = ""
    phases: Phases = Phases()


@dataclass(frozen=True, slots=True)
class Ping:
    """One push of a heartbeat: ``kind`` is ok, start or fail.

    Of a restore drill ``rpo`` is how much data was lost and ``rto`` how long it took, in seconds.
    """

    key: str
    at: datetime
    kind: str
    words: str = ""
    rpo: float | None = None
    rto: float | None = None


# --- what is decided -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Doubt:
    """One sample that speaks against the confirmed status and waits for company."""

    at: datetime
    status: Status
    words: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a series stands between two samples: its open interval, and the doubts about it.

    ``seen`` is the last sample that measured something; ``blind`` says why the newest one did not, if so.
    """

    series: str
    status: Status
    since: datetime
    seen: datetime | None = None
    words: str = ""
    doubts: tuple[Doubt, ...] = ()
    latency: float | None = None
    blind: str = ""

    @property
    def unsure(self) -> bool:
        return bool(self.doubts)


@dataclass(frozen=True, slots=True)
class Interval:
    """An unbroken run of one confirmed status, closed. ``end`` is exclusive."""

    series: str
    status: Status
    start: datetime
    end: datetime
    words: str = ""


@dataclass(frozen=True, slots=True)
class Flip:
    """A series passes from one status to another: ``at`` is dated back, ``seen`` is when it was sure."""

    series: str
    before: Status
    after: Status
    at: datetime
    seen: datetime
    words: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one sample changes: the new standing, the intervals it closes, the flips it makes."""

    standing: Standing
    closed: tuple[Interval, ...] = ()
    flips: tuple[Flip, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What people were last told of a monitor, so that a restart neither repeats nor forgets it."""

    monitor: str
    status: Status
    since: datetime  # when that trouble began


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that must be told, before it is split into one row a channel.

    ``kind`` is down, degraded, recovered or watch.
    """

    key: str  # idempotency: the same trouble and transition give the same key
    kind: str
    title: str
    body: str
    monitor: str | None = None
    of: Status | None = None  # a recovery: the worst that people were told, so that only they hear of its end


@dataclass(frozen=True, slots=True)
class Notification:
    """One message owed to one channel, kept until sent."""

    id: int
    channel: str
    notice: Notice
    created: datetime
    due: datetime
    attempts: int = 0
    batch: str | None = None
    sent: datetime | None = None
    dead: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """Anything that can explain trouble. ``kind``: commit, restart, configuration, maintenance, certificate, watch,
    deployment, vendor or issue."""

    at: datetime
    kind: str
    words: str
    monitor: str | None = None


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding with its history: since when it is seen, and when last."""

    monitor: str
    finding: Finding
    first: datetime
    last: datetime


# --- what outside services say ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figure:
    """One number an outside service gave: ``unit`` is "", "%", "ms", "s", "B" or "/h"."""

    name: str
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """One Sentry issue. ``title`` and ``culprit`` are strangers' text, cleaned. ``hourly`` are events, oldest first."""

    id: str
    short: str
    title: str
    project: str
    level: str
    state: str  # new, regressed, escalating, ongoing, archived, resolved, unknown
    count: int
    users: int
    first: datetime
    last: datetime
    culprit: str = ""
    priority: str = ""
    unhandled: bool = False
    link: str = ""
    release: str = ""  # the release it was first seen in, where that is known
    environment: str = ""
    hourly: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """One release as Sentry knows it. ``crash_free`` in per cent; ``deployed`` is its newest deploy.

    ``vitals`` are p75 of its own page views and how many ``samples`` they are made from. ``asked``: whether it was
    asked which issues this release brought; of any other it is not known that there are none.
    """

    version: str
    created: datetime
    deployed: datetime | None = None
    environment: str = ""
    new_issues: int = 0
    crash_free: float | None = None
    sessions: int = 0
    projects: tuple[str, ...] = ()
    vitals: tuple[Figure, ...] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment. ``message`` is strangers' text, cleaned; ``queued`` and ``built`` in seconds, when known."""

    id: str
    project: str
    target: str  # production, preview, staging
    state: str  # queued, building, ready, error, canceled, blocked, deleted, unknown
    created: datetime
    ready: datetime | None = None
    commit: str = ""
    branch: str = ""
    message: str = ""
    queued: float | None = None
    built: float | None = None
    serving: bool = False  # what users get now
    candidate: bool = False  # may be rolled back to
    link: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class VendorIncident:
    """Trouble that a vendor announces about itself; ``title`` is strangers' text, cleaned."""

    id: str
    vendor: str
    title: str
    state: str  # investigating, identified, monitoring, resolved, scheduled, in_progress, unknown
    impact: str  # none, minor, major, critical, maintenance
    started: datetime
    ended: datetime | None = None
    link: str = ""


@dataclass(frozen=True, slots=True)
class Vital:
    """One measurement of a browser: a Web Vital or a metric of the platform's own. Private by construction.

    ``uid`` is a hash: the same measurement sent again has the same. ``value`` is in ms, CLS without a unit. ``route``
    is a template, ``device`` phone, tablet or desktop, ``release`` a commit that we deployed, or empty.
    """

    uid: int
    name: str
    value: float
    at: datetime
    route: str = ""
    device: str = ""
    release: str = ""
    source: str = "beacon"  # beacon, drain, supabase
    failed: bool = False  # of a metric: it is the time of something that went wrong


@dataclass(frozen=True, slots=True)
class Sent:
    """A measurement as a stranger sent it into a table of ours: not fit to keep before a rule has read it."""

    uid: str
    name: str
    value: float
    path: str
    device: str
    at: datetime
    failed: bool = False  # of a metric


@dataclass(frozen=True, slots=True)
class VitalRollup:
    """The measurements of one hour or day of one name, route, device, release and source.

    ``values`` are log buckets of the value in ms, of a thousand times CLS. Of a metric ``poor`` are those that failed.
    """

    name: str
    route: str
    device: str
    release: str
    source: str
    start: datetime
    good: int = 0
    needs: int = 0
    poor: int = 0
    values: Histogram = field(default_factory=lambda: Histogram())

    @property
    def n(self) -> int:
        return self.good + self.needs + self.poor


@dataclass(frozen=True, slots=True)
class Measured:
    """What browsers measured of one name in one stretch: how many, quantiles in its unit, the share that failed.

    ``seconds`` is how long the stretch was; None: as long as was asked.
    """

    n: int = 0
    p50: float | None = None
    p75: float | None = None
    p95: float | None = None
    failed: float = 0.0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Which measurements are asked about: ``name`` may be ``api.*``; None means all; ``seconds`` back from now."""

    name: str
    seconds: float
    route: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Leak:
    """Something in an error event that must not be there: where and of what kind, never the value."""

    kind: str  # email, ip, jwt, card, key, cookie, header, query, username, frame variable ...
    path: str  # such as request.headers.authorization
    event: str
    issue: str
    sdk: str = ""


@dataclass(frozen=True, slots=True)
class Hook:
    """One signed webhook: ``event`` is the sender's number of it, ``subject`` what it is about."""

    event: str
    kind: str
    at: datetime
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one reading of an outside service said at one moment.

    ``result`` is its state: UNKNOWN when it could not be measured, with the reason; ``fix`` is what a person can do.
    ``unread`` names parts, figures and lists (of this class) that could not be read, while others were; ``older`` those
    that are from an earlier look, and when that was. ``wait`` is how many seconds the service wants to be left alone.
    """

    result: Result
    fix: str = ""
    figures: tuple[Figure, ...] = ()
    issues: tuple[Issue, ...] = ()
    releases: tuple[Release, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    incidents: tuple[VendorIncident, ...] = ()
    leaks: tuple[Leak, ...] = ()
    sent: tuple[Sent, ...] = ()
    unread: tuple[str, ...] = ()
    older: tuple[tuple[str, datetime], ...] = ()
    wait: float = 0.0

    @property
    def measured(self) -> bool:
        return self.result.status is not Status.UNKNOWN


@dataclass(frozen=True, slots=True)
class Reading:
    """One question of an integration: ``name``, asked ``every`` so many seconds; ``alarms`` when down wakes people.

    ``confirm`` is 1 where the service speaks of itself, more where we judge single answers.
    """

    name: str
    title: str
    every: float = 60.0
    timeout: float = 20.0
    confirm: int = 1
    alarms: bool = False


@dataclass(frozen=True, slots=True)
class Integration:
    """One outside service that is read: the file in integrations/, its options, its readings as monitors.

    The key of a reading is ``<integration>.<reading>``; no monitor of a person's can have a dot in its key.
    """

    name: str
    title: str
    options: Any  # the frozen pydantic Options of integrations/<name>.py
    readings: tuple[Monitor, ...] = ()
    alarms: frozenset[str] = frozenset()  # keys of readings that wake people


# --- may it be released ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a checklist. ``gate`` is a word of a closed vocabulary; empty: a person signs.

    ``seconds`` is for how long, ``limit`` a number that may not be passed; ``valid`` seconds that evidence counts.
    """

    key: str
    title: str
    group: str = ""
    gate: str = ""
    series: tuple[str, ...] = ()  # monitors, parts, readings, or names of figures
    seconds: float = 0.0
    limit: float | None = None
    blocking: bool = True
    owner: str = ""
    valid: float = 86_400.0
    two_person: bool = False


@dataclass(frozen=True, slots=True)
class Checklist:
    """What must hold before, or after, a release; or, not ``per_release``, one run that goes on across releases."""

    key: str
    name: str
    items: tuple[Item, ...] = ()
    per_release: bool = True


@dataclass(frozen=True, slots=True)
class Slo:
    """A promise: each of these monitors is up for ``target`` per cent of a window (7d, 30d or 90d)."""

    key: str
    name: str
    monitors: tuple[str, ...]
    target: float
    window: str = "30d"


@dataclass(frozen=True, slots=True)
class Budget:
    """Seconds of being down that a promise allows, and how many are spent; ``left`` is 0 to 1.

    None: nothing was measured. ``of`` is the monitor that it is about, ``at`` when that was last looked at.
    """

    allowed: float
    spent: float
    left: float | None
    of: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """What a person said of an item: ``kind`` is signed, waived, withdrawn or commented.

    ``verified``: we know who it was.
    """

    at: datetime
    kind: str
    actor: str
    role: str = ""
    note: str = ""
    link: str = ""
    verified: bool = False
    until: datetime | None = None  # of a waiver
    asked_by: str = ""  # of a waiver: who wanted it


@dataclass(frozen=True, slots=True)
class Ruling:
    """Where one item stands: ``state`` is pass, fail, stale, missing, waived or unknown.

    ``words`` is what was seen, ``at`` when, ``of`` where; it counts until ``until``. ``doubtful``: a sample speaks
    against what was confirmed, and waits for company.
    """

    item: Item
    state: str
    words: str
    at: datetime | None = None
    of: str = ""
    until: datetime | None = None
    signatures: tuple[Signature, ...] = ()
    doubtful: bool = False

    @property
    def fine(self) -> bool:
        return self.state in ("pass", "waived")


@dataclass(frozen=True, slots=True)
class Verdict:
    """go, no-go or unsure, with what stands in the way in words. ``waivers`` are said beside it, always."""

    checklist: str
    release: str
    state: str
    words: str
    at: datetime
    rulings: tuple[Ruling, ...] = ()
    waivers: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A checklist about one release as it was last judged; ``begun`` is when it was judged first."""

    begun: datetime
    verdict: Verdict


# --- what people decided ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a person, or the watch itself, decided: written once, never changed.

    ``actor`` is a pseudonym, whose name stands elsewhere and can be erased; ``detail`` are short pairs.
    """

    at: datetime
    actor: str
    role: str
    action: str  # signed, waived, commented, verdict, revoked, anchored ...
    subject: str
    detail: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An act in the trail: its number, and the seal that binds it to all before it."""

    seq: int
    act: Act
    seal: str


@dataclass(frozen=True, slots=True)
class Tampered:
    """Where the trail is broken: the first number that does not fit, and how."""

    seq: int
    words: str


# --- numbers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Histogram:
    """Latencies in log buckets of ratio 1.02: ``counts`` are (bucket of rules.histogram, how many), ascending."""

    counts: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Rollup:
    """The samples of one bucket of one series added up. ``level`` is minute, hour or day; sums of phases in ms."""

    series: str
    level: str
    start: datetime
    up: int = 0
    degraded: int = 0
    down: int = 0
    unknown: int = 0
    latency: Histogram = Histogram()
    latency_sum: float = 0.0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    dns: float = 0.0
    connect: float = 0.0
    tls: float = 0.0
    first_byte: float = 0.0

    @property
    def samples(self) -> int:
        return self.up + self.degraded + self.down


@dataclass(frozen=True, slots=True)
class Uptime:
    """Seconds of each status inside a window. The share is never kept: it is made from these, rounded down."""

    up: float = 0.0
    degraded: float = 0.0
    down: float = 0.0
    maintenance: float = 0.0
    unknown: float = 0.0

    @property
    def total(self) -> float:
        return self.up + self.degraded + self.down + self.maintenance + self.unknown


@dataclass(frozen=True, slots=True)
class Day:
    """One calendar day (in the site's time zone) of one series: seconds of each status."""

    series: str
    date: date
    uptime: Uptime


@dataclass(frozen=True, slots=True)
class Latency:
    """Quantiles of a window or bucket from merged histograms, in ms; ``n`` measured samples. None: nothing measured."""

    n: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A trailing stretch that is answered for."""

    key: str  # 1h, 24h, 7d, 30d, 90d
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Blame:
    """Seconds of downtime: beside trouble that a vendor announced, while none did, and while nobody could tell."""

    ours: float = 0.0
    vendor: float = 0.0
    unknown: float = 0.0
    vendors: tuple[str, ...] = ()  # whose trouble it was beside

    @property
    def total(self) -> float:
        return self.ours + self.vendor + self.unknown


@dataclass(frozen=True, slots=True)
class Comparison:
    """One number before and after a release. ``low`` and ``high`` bound the difference with 95 % certainty.

    ``verdict`` is better, same, worse or unsure; None where nothing was measured.
    """

    name: str
    unit: str
    before: float | None
    after: float | None
    n_before: int
    n_after: int
    low: float | None = None
    high: float | None = None
    verdict: str = "unsure"


@dataclass(frozen=True, slots=True)
class ReportCard:
    """A release judged by what was measured before and after. ``advice`` is keep, watch or roll back."""

    deployment: Deployment
    start: datetime  # of the stretch before
    at: datetime  # when it went live
    end: datetime  # of the stretch after
    rows: tuple[Comparison, ...] = ()
    advice: str = "watch"
    reasons: tuple[str, ...] = ()


# --- what is shown ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a history strip: the worst status of its stretch, words for a hint, the seconds behind it."""

    start: datetime
    status: Status
    words: str
    uptime: Uptime = Uptime()


@dataclass(frozen=True, slots=True)
class Tile:
    """A monitor on the overview: everything a person needs in the first five seconds, already decided."""

    key: str
    name: str
    group: str
    check: str
    status: Status
    since: datetime | None
    words: str
    critical: bool = False
    unsure: bool = False
    paused: bool = False
    waiting_for: str | None = None  # name of the parent that is down
    latency: float | None = None
    seen: datetime | None = None
    sparkline: tuple[float | None, ...] = ()
    bars: tuple[Bar, ...] = ()
    uptime: Uptime = Uptime()
    last_change: Change | None = None
    nearby: tuple[Change, ...] = ()  # what changed before its trouble, nearest first
    runbook: str | None = None
    public: str | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """All tiles, worst first, as of one revision of the store.

    ``alarms`` are readings of outside services that wake people and are in trouble; strangers hear of tiles only.
    """

    at: datetime  # when it was put together
    seen: datetime | None  # newest sample of any monitor: the age of the data
    stale: bool
    tiles: tuple[Tile, ...] = ()
    counts: Mapping[Status, int] = field(default_factory=dict)
    alarms: tuple[Tile, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicComponent:
    """What a stranger may know of a monitor: the public name, a status, a strip of days. Nothing else exists here."""

    name: str
    status: Status
    since: datetime | None
    bars: tuple[Bar, ...]
    uptime: Uptime


@dataclass(frozen=True, slots=True)
class PublicStatus:
    """The page for stakeholders and the Statuspage routes, built from an allow-list in rules.public."""

    site: str
    at: datetime
    seen: datetime | None
    stale: bool
    status: Status
    headline: str
    components: tuple[PublicComponent, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What the poller says of itself, once a second: our own health."""

    at: datetime
    started: datetime
    pid: int
    epoch: int
    version: str
    monitors: int
    probes: int  # since start
    late_p50: float = 0.0  # ms a probe began after it was due, over the last minute
    late_p99: float = 0.0
    missed: int = 0
    running: int = 0
    queued: int = 0
    blind: bool = False
    commit_ms: float = 0.0
    store_bytes: int = 0
    disk_free: float = 1.0
    words: str = ""
