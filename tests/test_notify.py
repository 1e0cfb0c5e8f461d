"""One message to one channel, over real sockets: what arrives, and what an error may say."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

import notify
from model import Channel, Notice, Secret
from rules.messages import grouped
from tests.ports import free_port, refusing

HOME = Path(__file__).resolve().parents[1]
DOWN = Notice("m:down:1", "down", "Shop is down", "Shop is down since 14:03.\nReason: answered 503, not 2xx")


class Hook:
    """A webhook: ``status`` and ``wait`` are what a test wants of it, ``got`` what came in."""

    def __init__(self) -> None:
        self.status, self.wait = 200, 0.0
        self.got: list[tuple[dict[str, str], dict[str, Any]]] = []
        hook = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.got.append((dict(self.headers), body))
                time.sleep(hook.wait)
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Box:
    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 kept"


@pytest.fixture
def mail() -> Iterator[tuple[Box, Channel]]:
    box, port = Box(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    url = f"mailto://127.0.0.1:{port}/?from=watch@example.com&to=oncall@example.com&mode=insecure"
    yield box, Channel("mail", Secret(url))
    controller.stop()


def channel(hook: Hook, login: str = "") -> Channel:
    return Channel("hook", Secret(f"json://{login}{hook.address}/alerts"))


def test_a_webhook_gets_the_words_and_a_reference_that_marks_a_repetition(hook: Hook) -> None:
    assert [notify.deliver(channel(hook), DOWN, "ref-1") for _ in range(2)] == [None, None]

    for headers, body in hook.got:
        assert headers["Idempotency-Key"] == "ref-1"
        assert (body["title"], body["type"]) == ("Shop is down", "failure")
        assert body["message"].endswith("Reason: answered 503, not 2xx\nReference: ref-1")


def test_a_letter_has_a_clean_subject_and_the_reference_at_its_end(mail: tuple[Box, Channel]) -> None:
    box, to = mail
    assert notify.deliver(to, DOWN, "ref-1") is None

    (letter,) = box.letters
    assert letter["Subject"] == "Shop is down"
    body = letter.get_body(("plain", "html"))
    assert body is not None
    assert "Reference: ref-1" in body.get_content()
    assert "Idempotency-Key" not in letter


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("a\r\nBcc: thief@example.com\r\n\r\nx", id="line ends"),
        pytest.param("<img src=http://x.example/a><script>1</script>", id="markup"),
        pytest.param("\\nBcc: thief@example.com \\u0041", id="escapes spelt out"),
        pytest.param("{app_id} {{7*7}} ${HOME} %s %(x)s", id="templates"),
        pytest.param("x" * 1_000_000, id="a megabyte"),
    ],
)
def test_hostile_words_add_no_header_and_run_nothing(words: str, mail: tuple[Box, Channel], hook: Hook) -> None:
    box, to = mail
    hostile = grouped([Notice("a", "down", words, words), Notice("b", "down", words, words)])
    assert notify.deliver(to, hostile, "r") is None
    assert notify.deliver(channel(hook), hostile, "r") is None

    (letter,) = box.letters
    assert {"Bcc", "Cc"} & set(letter.keys()) == set()
    body = letter.get_body(("html", "plain"))
    assert body is not None
    assert "<script" not in body.get_content()
    assert "<img" not in body.get_content()
    ((_, got),) = hook.got
    assert len(got["message"]) < 4000
    assert "\nBcc" not in got["message"]


def test_a_refusal_comes_back_in_words_without_the_secrets_of_the_url(hook: Hook) -> None:
    hook.status = 500
    said = notify.deliver(channel(hook, "watcher:hunter%32secret@"), DOWN, "r")

    assert said is not None
    assert "500" in said
    for secret in ("watcher", "hunter", hook.address):
        assert secret not in said


def test_the_decoded_form_of_a_secret_is_redacted_too() -> None:
    known = Channel("c", Secret("json://user:p%40ss%20word@host.example/"))
    assert notify.redacted("login p@ss word refused at https://x.example/?t=1", known) == "login *** refused at (url)"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("nonsense://user:hunter2secret@host.example/", id="no such kind"),
        pytest.param("mailto://bobby:hunter2secret@127.0.0.1:9/?to=not-an-address", id="not complete"),
        pytest.param("not a url with hunter2secret", id="no url"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_url_that_is_none_is_said_and_nothing_of_it_reaches_the_log(url: str) -> None:
    code = (
        "import logging, sys; logging.basicConfig(level=logging.DEBUG)\n"
        "import notify; from model import Channel, Notice, Secret\n"
        "print(notify.deliver(Channel('c', Secret(sys.argv[1])), Notice('k', 'down', 'T', 'B'), 'r'))"
    )
    done = subprocess.run([sys.executable, "-c", code, url], cwd=HOME, capture_output=True, text=True, timeout=30)

    assert done.stdout == "the url of this channel is none that Apprise understands\n"
    for piece in ("bobby", "hunter", "h...", "host.example"):
        assert piece not in done.stderr


def test_a_failure_of_one_channel_is_not_told_of_another_that_sends_beside_it(hook: Hook) -> None:
    hook.status, hook.wait = 503, 0.8
    said: dict[str, str | None] = {}

    def send(name: str, to: Channel) -> None:
        said[name] = notify.deliver(to, DOWN, "r")

    with refusing() as port:
        closed = f"mailto://127.0.0.1:{port}/?from=watch@example.com&to=nurse@example.com&mode=insecure"
        threads = [
            threading.Thread(target=send, args=("hook", channel(hook))),
            threading.Thread(target=send, args=("mail", Channel("mail", Secret(closed)))),
        ]
        for thread in threads:
            thread.start()
            time.sleep(0.2)
        for thread in threads:
            thread.join(60)

    assert "email" in str(said["mail"])
    assert "503" in str(said["hook"])
    assert "email" not in str(said["hook"])


def test_a_plugin_that_breaks_is_an_error_in_words() -> None:
    broken = Notice("k", "down", object(), "B")  # type: ignore[arg-type]  # no plugin can send this
    said = notify.deliver(Channel("c", Secret("json://user:hunter2secret@127.0.0.1:9/")), broken, "r")

    assert said is not None
    assert "exception" in said
    assert "hunter2secret" not in said
