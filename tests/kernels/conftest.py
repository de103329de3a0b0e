"""Each path of the loops in turn."""

from __future__ import annotations

import pytest

from mottomo.kernels import counting, cross_entropy, native, training
from tests.kernels.paths import available

USERS = (counting, cross_entropy, training)


@pytest.fixture(params=available())
def path(request, monkeypatch):
    """Each path that this machine has, in turn."""
    extension = native.extension()
    if request.param == "numpy":
        for module in USERS:
            monkeypatch.setattr(module, "extension", lambda: None)
    else:
        assert extension.use(request.param)
        assert native.path() == request.param
    yield request.param
    if extension is not None:
        extension.use("")
