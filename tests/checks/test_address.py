"""Where probes may not go: decided on the address that is dialled, whatever the URL looks like."""

from __future__ import annotations

import ipaddress
import itertools
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from checks import open_tools, run
from checks._address import network, networks, refusal
from checks.http import Options
from model import Monitor, Status

INSIDE = [
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1",
    "172.31.255.254", "192.168.0.1", "192.168.255.254", "169.254.0.1", "169.254.169.254", "169.254.170.2", "100.64.0.1",
    "100.100.100.200", "100.127.255.254", "192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1",
    "168.63.129.16", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
]  # fmt: skip
INSIDE_6 = [
    "::1", "::", "fe80::1", "fe80::1%1", "fe80::1%eth0", "fc00::1", "fd00::1", "fd00:ec2::254", "fec0::1", "ff02::1",
    "2001:db8::1", "100::1", "2001::1", "::ffff:0:0", "5f00::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "2a00:1450:4001:81b::200e",
]


def inside_ipv6(address: str) -> Iterator[str]:
    """The ways an IPv4 address hides in an IPv6 one."""
    number = int(ipaddress.IPv4Address(address))
    low = f"{number >> 16:x}:{number & 0xFFFF:x}"
    yield from (
        f"::ffff:{address}",
        f"::ffff:{low}",
        f"64:ff9b::{low}",
        f"2002:{low}::1",
        f"64:ff9b:1::{low}",
        f"::{low}",
    )


ADDRESSES = [*INSIDE, *INSIDE_6, *itertools.chain.from_iterable(map(inside_ipv6, INSIDE))]


def test_there_are_enough_of_them() -> None:
    assert len(set(ADDRESSES)) >= 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert refusal(address, ()) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not(address: str) -> None:
    assert refusal(address, ()) is None


@given(st.ip_addresses())
def test_nothing_but_global_unicast_passes(address: Any) -> None:
    if refusal(str(address), ()) is None:
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_like_itself(address: Any) -> None:
    if refusal(str(address), ()) is not None:
        assert all(refusal(form, ()) is not None for form in inside_ipv6(str(address)))


def test_a_listed_network_opens_what_it_names_and_no_more() -> None:
    allowed = networks(["10.1.0.0/16", "::1"])
    assert refusal("10.1.2.3", allowed) is None
    assert refusal("::ffff:10.1.2.3", allowed) is None
    assert refusal("::1", allowed) is None
    assert refusal("10.2.0.1", allowed) == "a private address"
    assert refusal("127.0.0.1", allowed) == "a loopback address"


def test_metadata_opens_only_to_its_very_address() -> None:
    assert refusal("169.254.169.254", networks(["169.254.0.0/16", "0.0.0.0/0"])) == "a cloud's metadata address"
    assert refusal("::ffff:169.254.169.254", networks(["0.0.0.0/0", "::/0"])) == "a cloud's metadata address"
    assert refusal("169.254.169.254", networks(["169.254.169.254"])) is None


def test_an_entry_that_is_no_network_is_named() -> None:
    with pytest.raises(ValueError, match=r"expected a network such as 10\.0\.0\.0/8, got 'home'"):
        network("home")


def spelled(address: str) -> Iterator[str]:
    """How an IPv4 address can be written in a URL."""
    a, b, c, d = map(int, address.split("."))
    number = int(ipaddress.IPv4Address(address))
    yield from (
        address, str(number), hex(number), f"0{number:o}", f"{a}.{number & 0xFFFFFF}", f"{a}.{b}.{number & 0xFFFF}",
        f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"{a:03}.{b:03}.{c:03}.{d:03}",
        f"{address}.", f"[::ffff:{address}]", f"[::{address}]", f"0x{number:08X}", f"{a}.0x{number & 0xFFFFFF:x}",
    )  # fmt: skip


SPELLED = list(dict.fromkeys(itertools.chain.from_iterable(spelled(address) for address in INSIDE[:17])))


async def test_no_spelling_of_an_inside_address_is_ever_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[str] = []
    async with open_tools() as tools:
        monkeypatch.setattr(socket, "socket", lambda *_: dialled.append(text))
        for text in SPELLED:
            try:
                options = Options(url=f"http://{text}/")
            except ValidationError:
                continue  # refused before there is a probe
            result = await run(Monitor("m", "M", "http", options, timeout=5), tools)
            assert result.status in (Status.UNKNOWN, Status.DOWN), text
            assert "may not reach" in result.words or "does not resolve" in result.words, (text, result.words)
        monkeypatch.undo()
    assert dialled == []
    assert len(SPELLED) >= 200


async def test_a_name_that_points_inside_is_refused_and_says_where() -> None:
    async with open_tools(lookup=lambda _: ("10.0.0.7", "fd00::1")) as tools:
        result = await run(Monitor("m", "M", "http", Options(url="http://rebound.example/")), tools)
    assert result.status is Status.DOWN
    assert (
        result.words
        == "the name points to 10.0.0.7, a private address, which probes may not reach unless networks lists it"
    )


async def test_an_address_that_is_not_allowed_is_our_configuration_and_no_outage() -> None:
    async with open_tools() as tools:
        result = await run(Monitor("m", "M", "http", Options(url="http://[::ffff:127.0.0.1]/")), tools)
    assert result.status is Status.UNKNOWN
    assert "may not reach unless networks lists it" in result.words


async def test_a_name_is_resolved_once_so_that_a_second_answer_changes_nothing(serve: Any) -> None:
    answers = iter([("127.0.0.1",), ("169.254.169.254",), ("169.254.169.254",)])
    asked: list[str] = []

    def flips(name: str) -> tuple[str, ...]:
        asked.append(name)
        return next(answers)

    heads: list[bytes] = []

    async def keep(reader: Any, writer: Any) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    port = await serve(keep)
    async with open_tools(networks=["127.0.0.0/8"], lookup=flips) as tools:
        monitor = Monitor("m", "M", "http", Options(url=f"http://flips.example:{port}/"))
        assert (await run(monitor, tools)).status is Status.UP
        assert asked == ["flips.example"]
        assert f"\r\nHost: flips.example:{port}\r\n".encode() in heads[0]
        assert "metadata" in (await run(monitor, tools)).words


async def test_a_monitor_may_reach_more_than_the_others(serve: Any) -> None:
    port = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    async with open_tools() as tools:
        own = Monitor("m", "M", "http", Options(url=f"http://127.0.0.1:{port}/", networks=["127.0.0.1"]))
        others = Monitor("n", "N", "http", Options(url=f"http://127.0.0.1:{port}/"))
        assert (await run(own, tools)).status is Status.UP
        assert (await run(others, tools)).status is Status.UNKNOWN


async def test_the_second_address_is_tried_when_the_first_does_not_answer(serve: Any) -> None:
    port = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    async with open_tools(networks=["127.0.0.0/8"], lookup=lambda _: ("10.9.9.9", "127.0.0.77", "127.0.0.1")) as tools:
        result = await run(Monitor("m", "M", "http", Options(url=f"http://two.example:{port}/")), tools)
    assert result.status is Status.UP
