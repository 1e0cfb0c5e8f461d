"""Parts without end: what is known stays, what comes on top is said and dropped, and nobody else is the poorer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model import Finding, Part, Result, Status
from rules import parts


def answer(*names: str, findings: tuple[Finding, ...] = ()) -> Result:
    return Result(Status.UP, parts=tuple(Part(name, Status.UP) for name in names), findings=findings)


def names(result: Result) -> list[str]:
    return [part.name for part in result.parts]


def test_what_is_known_stays_and_what_is_too_much_is_said() -> None:
    before = Finding("cacheable", "may be cached")
    known = {"api", "api/a", "api/b", "shop", "shop/z", "api2/q"}
    (found,) = parts.fitted([("api", answer("a", "c", "b", "d", "e", findings=(before,)))], known, most=3)

    assert names(found) == ["a", "c", "b"]
    assert found.findings[0] == before
    assert found.findings[1].words == "2 of its parts are not kept: it has had 3 under other names"
    assert found.findings[1].fix


def test_one_that_has_more_than_it_may_keeps_them() -> None:
    known = {"api", *(f"api/{n}" for n in range(9))}
    (found,) = parts.fitted([("api", answer(*map(str, range(9))))], known, most=3)
    assert (len(found.parts), found.findings) == (9, ())


def test_several_answers_of_one_batch_share_the_room() -> None:
    batch = [("api", answer("a", "b")), ("shop", answer("a")), ("api", answer("b", "c", "d"))]
    assert [names(each) for each in parts.fitted(batch, set(), most=3)] == [["a", "b"], ["a"], ["b", "c"]]


def test_near_the_end_of_all_numbers_no_part_is_taken_in() -> None:
    known = {f"m{n}" for n in range(parts.ALL - 1)}
    (found,) = parts.fitted([("api", answer("a", "b"))], known)
    assert names(found) == ["a"]


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.lists(st.text("xyz", max_size=3), max_size=6, unique=True))))
def test_no_monitor_ever_has_more_than_it_may(seen: list[tuple[str, list[str]]]) -> None:
    found = parts.fitted([(key, answer(*said)) for key, said in seen], set(), most=4)
    for key in ("a", "b"):
        kept = {name for (which, _), each in zip(seen, found, strict=True) if which == key for name in names(each)}
        assert len(kept) <= 4
    assert all(
        len(each.parts) + (int(each.findings[0].words.split()[0]) if each.findings else 0) == len(said)
        for (_, said), each in zip(seen, found, strict=True)
    )
