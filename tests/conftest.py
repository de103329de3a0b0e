"""What all tests share: the option that remakes golden files, and Hypothesis' settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("mottomo", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("mottomo")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--remake-golden", action="store_true", help="write the golden files anew; read the diff")


@pytest.fixture(autouse=True)
def english_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests speak English unless they ask for another language."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def pages_without_figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages have no figures unless a test is marked with ``figures``: each takes a tenth of a second to draw."""
    if request.node.get_closest_marker("figures") is None:
        monkeypatch.setattr("mottomo.report.figures.inline_svg", lambda result, language: None)


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests compute again is kept beside them, not in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTTOMO_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
