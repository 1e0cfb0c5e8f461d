"""What the page benchmarks share: our server and one of an empty page, and a viewer without a browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

HOME = Path(__file__).parents[1]
EMPTY = (
    "import streamlit as st\n@st.fragment(run_every=5)\ndef beat():\n    st.html(\"<p class='wr-row'>x</p>\")\nbeat()\n"
)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(script: Path, config: Path | None = None) -> Iterator[tuple[str, psutil.Process]]:
    """``streamlit run script`` with the project's settings; its address and its process."""
    port = free_port()
    env = {**os.environ, "WARDROUND_CONFIG": str(config or "")}
    command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    process = subprocess.Popen(command, cwd=HOME, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                if httpx.get(f"{url}/_stcore/health", trust_env=False).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def both(folder: Path, monitors: int | None) -> Iterator[tuple[tuple[str, psutil.Process], tuple[str, psutil.Process]]]:
    """Our pages on a store of so many monitors, and an empty Streamlit page with a fragment, served side by side."""
    from tests import filled

    scene = filled.fill(folder / "store.db", filled.monitors(monitors), datetime.now(UTC))
    config = filled.configuration(folder / "wardround.toml", scene)
    (folder / "empty.py").write_text(EMPTY)
    with ExitStack() as stack:
        ours = stack.enter_context(serving(HOME / "ui" / "frame.py", config))
        yield ours, stack.enter_context(serving(folder / "empty.py"))


def cpu(process: psutil.Process) -> float:
    """Seconds of CPU, user and system."""
    spent = process.cpu_times()
    return float(spent.user + spent.system)


class Viewer:
    """One open page without a browser: speaks the websocket's protocol, remembers what a browser would cache."""

    def __init__(self, socket: ClientConnection, path: str = "") -> None:
        self._socket = socket
        self.path = path
        self._known: set[str] = set()
        self.fragment = ""
        self.page = ""
        self.received = 0

    @classmethod
    async def open(cls, url: str, path: str = "") -> Viewer:
        """``path`` names a page; empty: the first."""
        stream = url.replace("http", "ws") + "/_stcore/stream"
        socket = await connect(stream, subprotocols=["streamlit"], max_size=None, proxy=None)  # type: ignore[list-item]
        return cls(socket, path)

    async def run(self, fragment: bool = False) -> float:
        """One run of the page or of its fragment; seconds until it was finished."""
        asked = BackMsg()
        asked.rerun_script.query_string = ""
        asked.rerun_script.page_script_hash = self.page
        asked.rerun_script.page_name = self.path
        asked.rerun_script.cached_message_hashes.extend(self._known)
        if fragment:
            asked.rerun_script.fragment_id = self.fragment
            asked.rerun_script.is_auto_rerun = True
        start = time.perf_counter()
        await self._socket.send(asked.SerializeToString())
        while True:
            raw = await self._socket.recv()
            self.received += len(raw)
            said = ForwardMsg.FromString(raw if isinstance(raw, bytes) else raw.encode())
            self._note(said)
            if (
                said.WhichOneof("type") == "script_finished"
                and said.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                return time.perf_counter() - start

    def _note(self, said: ForwardMsg) -> None:
        if said.metadata.cacheable:
            self._known.add(said.hash)
        kind = said.WhichOneof("type")
        if kind == "auto_rerun":
            self.fragment = said.auto_rerun.fragment_id
        if kind == "new_session" and not self.path:
            self.page = said.new_session.page_script_hash
        if kind == "navigation" and self.path:
            self.page = said.navigation.page_script_hash

    async def close(self) -> None:
        await self._socket.close()
