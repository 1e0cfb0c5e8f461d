"""The poller judges checklists by itself, every few seconds."""

from __future__ import annotations

import settings
from data import store, watch
from poller import _main


async def test_the_poller_revokes_by_itself(configure, polling, until, webs) -> None:
    target = webs()
    plain = configure(target.url)
    item = '[[checklist.item]]\nkey = "up"\ntitle = "Up"\ngate = "up"\nseries = ["m0"]\n'
    lists = f'[[checklist]]\nkey = "r"\nname = "R"\n{item}'
    plain.path.write_text(plain.path.read_text() + "\n" + lists)
    assert _main.JUDGED <= 3
    async with polling(settings.load(plain.path)) as running:

        def noted() -> str:
            with store.reading(running.engine) as c:
                return watch.noted(c).get("verdict r", "")

        await until(lambda: '"go"' in noted())
        target.status = 500
        await until(lambda: '"no-go"' in noted(), 20)
