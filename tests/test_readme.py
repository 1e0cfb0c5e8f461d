"""What the README says is written by code, or named here and looked for."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

HOME = Path(__file__).resolve().parents[1]
README = (HOME / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def readme() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme", HOME / "docs" / "readme.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_make_readme_would_change_nothing(readme: ModuleType) -> None:
    assert readme.written(README) == README


def test_every_table_of_the_readme_is_filled(readme: ModuleType) -> None:
    named = set(re.findall(r"<!-- ([a-z]+) -->", README))
    assert named == set(readme.TABLES)
    assert re.search(r"<!-- ([a-z]+) -->\n<!-- /\1 -->", README) is None


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make ([a-z]+)", README))))
def test_every_make_target_named_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (HOME / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:[a-z_]+/)*[a-z_.]+\.(?:py|toml|txt|md))`", README))))
def test_every_file_named_exists(path: str) -> None:
    made_by_people = {"wardround.toml"}
    assert path in made_by_people or (HOME / path).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(WARDROUND_[A-Z_]+)`", README))))
def test_every_variable_named_is_read(name: str) -> None:
    assert name in (HOME / "settings.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"!\[[^]]*\]\(([^)]+)\)", README))))
def test_every_picture_is_there(path: str) -> None:
    assert (HOME / path).stat().st_size > 10_000


def test_the_five_lines_are_a_configuration_that_starts(tmp_path: Path) -> None:
    import settings

    example = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert example
    tomllib.loads(example[1])
    path = tmp_path / "wardround.toml"
    path.write_text(example[1], encoding="utf-8")
    assert [monitor.key for monitor in settings.load(path).monitors] == ["home"]
