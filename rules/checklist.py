"""May it be released? What each item of a list comes to, by its gate or by what people signed, and the verdict.

Unknown never counts as a pass; evidence grows old in front of the reader; a waiver is counted beside the verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import words
from model import Checklist, Item, Ruling, Signature, Verdict
from rules.gates import DOUBT, GATES, World

NAMED = 3  # items that a verdict names


def rule(item: Item, world: World, signatures: Sequence[Signature] = ()) -> Ruling:
    """Where one item stands. ``signatures`` are those of this item in this run, oldest first."""
    waiver = _waiver(signatures, world.now)
    found = _automatic(item, world) if item.gate else _manual(item, world.now, signatures)
    said = tuple(signatures)
    if not found.fine and waiver is not None:
        words_ = f"waived until {waiver.until:%Y-%m-%d}: {waiver.note}" if waiver.until else f"waived: {waiver.note}"
        return Ruling(item, "waived", f"{words_} (seen: {found.words})", waiver.at, found.of, waiver.until, said)
    return replace(found, signatures=said)


def _automatic(item: Item, world: World) -> Ruling:
    state, said, at, of = GATES[item.gate](item, world)
    until = at + timedelta(seconds=item.valid) if at else None
    if state == "pass" and (until is None or until < world.now):
        state, said = "stale", f"{said}; seen {words.ago(at, world.now)}" if at else "never seen"
    return Ruling(item, "unknown" if state == DOUBT else state, said, at, of, until, doubtful=state == DOUBT)


def _manual(item: Item, now: datetime, signatures: Sequence[Signature]) -> Ruling:
    """Signed by a person, by two where that is wanted; a withdrawal takes back what its writer signed before."""
    standing = _signed(signatures)
    fresh = [each for each in standing.values() if each.at + timedelta(seconds=item.valid) >= now]
    wanted = 2 if item.two_person else 1
    if len(fresh) >= wanted:
        newest = max(fresh, key=lambda each: each.at)
        said = (
            "signed"
            + ("" if all(each.verified for each in fresh) else ", not verified")
            + (f": {newest.note}" if newest.note else "")
        )
        until = min(each.at for each in fresh) + timedelta(seconds=item.valid)
        return Ruling(item, "pass", said, newest.at, newest.role, until)
    if standing and not fresh:
        last = max(standing.values(), key=lambda each: each.at)
        return Ruling(item, "stale", f"signed {words.ago(last.at, now)}, valid for {words.lasted(item.valid)}", last.at)
    missing = f"{len(fresh)} of {wanted} signatures" if item.two_person else "not signed yet"
    newest_at = max((each.at for each in fresh), default=None)
    return Ruling(item, "missing", missing, newest_at)


def _signed(signatures: Sequence[Signature]) -> dict[str, Signature]:
    """What each person signed last and did not take back, fresh or not."""
    standing: dict[str, Signature] = {}
    for each in signatures:
        if each.kind == "signed":
            standing[each.actor] = each
        elif each.kind == "withdrawn":
            standing.pop(each.actor, None)
    return standing


def stands(item: Item, signatures: Sequence[Signature], now: datetime) -> tuple[Signature, ...]:
    """The signatures that count now, and the waiver that does; what was taken back or is over counts no more."""
    fresh = [each for each in _signed(signatures).values() if each.at + timedelta(seconds=item.valid) >= now]
    waiver = _waiver(signatures, now)
    return tuple(sorted([*fresh, *([waiver] if waiver else [])], key=lambda each: each.at))


def _waiver(signatures: Sequence[Signature], now: datetime) -> Signature | None:
    """The newest that counts: with a reason, not approved by who asked for it, and not over."""
    found = None
    for each in signatures:
        if each.kind == "withdrawn":
            found = None if found and found.actor == each.actor else found
        elif (
            each.kind == "waived"
            and each.note
            and each.actor != each.asked_by
            and (each.until is None or each.until > now)
        ):
            found = each
    return found


def verdict(
    checklist: Checklist, release: str, world: World, signatures: Mapping[str, Sequence[Signature]], stood: bool = False
) -> Verdict:
    """go when every blocking item passes or is waived; no-go when one fails; unsure when one is not known.

    A GO that ``stood`` is held while what is missing is merely in doubt: a single sample neither takes nor gives one.
    """
    rulings = tuple(rule(item, world, signatures.get(item.key, ())) for item in checklist.items)
    blocking = [each for each in rulings if each.item.blocking and not each.fine]
    failed = [each for each in blocking if each.state == "fail"]
    waived = sum(each.state == "waived" for each in rulings)
    held = stood and bool(blocking) and all(each.doubtful for each in blocking)
    state = "no-go" if failed else "unsure" if blocking and not held else "go"
    if not rulings:
        state, said = "unsure", "the list is empty"
    else:
        said = "; ".join(f"{each.item.title}: {each.words}" for each in (failed or blocking)[:NAMED])
        more = len(blocking) - NAMED
        said = f"{said}; and {more} more" if more > 0 and said else said or "every blocking item passes"
    said = f"held while {said}" if held else said
    beside = f" with {words.count(waived, 'waiver')}" if waived else ""
    return Verdict(checklist.key, release, state, f"{state.upper()}{beside}: {said}", world.now, rulings, waived)
