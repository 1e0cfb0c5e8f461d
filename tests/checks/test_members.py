"""What holds for every check there is, and for the next one."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from types import ModuleType

import pydantic
import pytest

import registry
from checks import Tools, run
from model import Fault, Monitor, Result, Status

MEMBERS = registry.members("checks")
GOOD = {
    "http": {"url": "http://127.0.0.1:9/"},
    "health": {"url": "http://127.0.0.1:9/"},
    "tls": {"host": "127.0.0.1", "port": 9},
    "tcp": {"host": "127.0.0.1", "port": 9},
    "dns": {"host": "example.org", "server": "127.0.0.1", "port": 9},
    "endpoints": {"url": "http://127.0.0.1:9/", "paths": ["/api/a"]},
    "drill": {"token": "0123456789abcdef"},
    "heartbeat": {"period": "1d", "token": "0123456789abcdef"},
    "backups": {"folder": "/nowhere/backups"},
    "configuration": {"file": "/nowhere/.env"},
    "headers": {"url": "http://127.0.0.1:9/"},
    "vitals": {"metric": "LCP"},
}
QUIET = {"heartbeat", "drill", "vitals", "configuration"}  # without news, or a file, they know nothing
HERE = {"backups"}  # what they look at is on this machine
each = pytest.mark.parametrize("module", MEMBERS.values(), ids=list(MEMBERS))


def kind(module: ModuleType) -> str:
    return module.__name__.removeprefix("checks.")


def test_every_check_is_tried_here() -> None:
    assert set(MEMBERS) == set(GOOD)


@each
def test_the_first_line_says_what_it_does_in_one_sentence(module: ModuleType) -> None:
    first = (module.__doc__ or "").splitlines()[0]
    assert first.endswith(".")
    assert 20 < len(first) <= 120


@each
def test_options_are_frozen_strict_and_each_is_described(module: ModuleType) -> None:
    assert issubclass(module.Options, pydantic.BaseModel)
    assert module.Options.model_config["frozen"] is True
    assert module.Options.model_config["extra"] == "forbid"
    assert module.Options.model_config["hide_input_in_errors"] is True
    assert [name for name, field in module.Options.model_fields.items() if not field.description] == []
    options = module.Options(**GOOD[kind(module)])
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        setattr(options, next(iter(module.Options.model_fields)), "other")
    with pytest.raises(pydantic.ValidationError, match="Extra inputs"):
        module.Options(**GOOD[kind(module)], colour="red")


@each
def test_no_option_has_the_name_of_a_monitors_own_field(module: ModuleType) -> None:
    own = {field.name for field in dataclasses.fields(Monitor)}
    assert own & set(module.Options.model_fields) == set(), "both stand in one [[monitor]] table"


@each
def test_probe_is_a_coroutine_from_options_and_tools_to_a_result(module: ModuleType) -> None:
    assert inspect.iscoroutinefunction(module.probe)
    hints = typing.get_type_hints(module.probe)
    assert hints == {"options": module.Options, "tools": Tools, "return": Result}


@each
def test_the_options_have_a_json_schema(module: ModuleType) -> None:
    assert module.Options.model_json_schema()["additionalProperties"] is False


@each
async def test_a_target_that_is_not_there_becomes_a_result_in_words(module: ModuleType, tools: Tools) -> None:
    result = await run(Monitor("m", "M", kind(module), module.Options(**GOOD[kind(module)]), timeout=0.5), tools)
    expected = Status.UNKNOWN if kind(module) in QUIET else Status.DOWN
    assert (result.status, result.latency) == (expected, None)
    assert result.words
    assert result.network is (kind(module) not in QUIET | HERE)


class Broken:
    """Options of a check that are not what it expects: a mistake of ours."""

    url = "https://user:canary-5f2e@example.org/?key=canary-5f2e"


async def test_our_own_mistake_is_unknown_and_logged_without_values(
    tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    result = await run(Monitor("m", "M", "http", Broken()), tools)
    assert (result.status, result.words) == (Status.UNKNOWN, "our own check broke (AttributeError)")
    assert "check http of monitor m broke: AttributeError" in caplog.text
    assert "canary-5f2e" not in caplog.text + repr(result)


async def test_cancelling_a_probe_is_not_swallowed(tools: Tools, serve: typing.Any) -> None:
    import asyncio

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    options = MEMBERS["http"].Options(url=f"http://127.0.0.1:{await serve(silent)}/")
    task = asyncio.create_task(run(Monitor("m", "M", "http", options), tools))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_fault_that_is_ours_is_told_apart() -> None:
    from checks._faults import fault_of

    assert fault_of(Fault("as it is")).words == "as it is"
    for number, status in ((24, Status.UNKNOWN), (12, Status.UNKNOWN), (99, Status.UNKNOWN)):
        fault = fault_of(OSError(number, "canary"))
        assert fault.result is not None
        assert fault.result.status is status
        assert fault.network is False
        assert fault.words.startswith("we could not look: ")
    for number, words in ((111, "refused the connection"), (113, "there is no route to that host")):
        assert (fault_of(OSError(number, "x")).words, fault_of(OSError(number, "x")).network) == (words, True)
    reset = fault_of(ConnectionResetError(104, "x"))
    assert (reset.words, reset.network) == ("reset the connection", False)
