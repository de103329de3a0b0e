"""The store of what was computed of pictures: whole rows or none, each of its own recipe."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import numpy as np

from mottomo.storage import feature_store
from mottomo.storage.feature_store import FeatureStore

ROW = np.arange(5, dtype=np.float32) / 7


def test_what_was_put_comes_back_to_the_last_bit_also_from_another_process(tmp_path: Path):
    store = FeatureStore(tmp_path / "f", "recipe")
    store.put([("a", ROW), ("b", ROW * 2)])
    assert np.array_equal(store.get("a"), ROW)
    store.close()
    again = FeatureStore(tmp_path / "f", "recipe")
    assert np.array_equal(again.get("b"), ROW * 2)
    assert again.get("c") is None
    assert FeatureStore(tmp_path / "f", "other recipe").get("a") is None


def test_a_row_that_was_damaged_is_not_given(tmp_path: Path):
    store = FeatureStore(tmp_path / "f", "recipe")
    store.put([("a", ROW)])
    store.close()
    with sqlite3.connect(tmp_path / "f") as connection:
        (content,) = connection.execute("SELECT numbers FROM features").fetchone()
        connection.execute("UPDATE features SET numbers = ?", (content[:-1] + b"x",))
    connection.close()
    assert FeatureStore(tmp_path / "f", "recipe").get("a") is None


def test_a_file_that_is_no_store_is_begun_anew(tmp_path: Path):
    (tmp_path / "f").write_bytes(b"something else" * 100)
    store = FeatureStore(tmp_path / "f", "recipe")
    store.put([("a", ROW)])
    assert np.array_equal(store.get("a"), ROW)


def test_a_store_that_grew_too_large_is_begun_anew(tmp_path: Path, monkeypatch):
    FeatureStore(tmp_path / "f", "recipe").put([("a", ROW)])
    monkeypatch.setattr(feature_store, "_LARGEST", 100)
    assert FeatureStore(tmp_path / "f", "recipe").get("a") is None


def test_a_place_where_nothing_can_be_kept_keeps_nothing(tmp_path: Path):
    store = FeatureStore(tmp_path / "no folder" / "f", "recipe")
    store.put([("a", ROW)])
    assert store.get("a") is None


def test_several_threads_put_and_get_at_once(tmp_path: Path):
    store = FeatureStore(tmp_path / "f", "recipe")

    def work(turn: int) -> None:
        for number in range(50):
            store.put([(f"{turn} {number}", ROW * number)])
            assert np.array_equal(store.get(f"{turn} {number}"), ROW * number)

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert all(store.get(f"{turn} 49") is not None for turn in range(4))
