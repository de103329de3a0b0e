"""Groups of rows held out: each in turn or a share, standard errors of the groups, a penalty chosen inside."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import mottomo as mo
from mottomo.classification.penalties import STRENGTHS
from mottomo.losses import LossSums, clustered


def iris() -> pd.DataFrame:
    data = load_iris(as_frame=True)
    frame = data.data.copy()
    frame.columns = ["a", "b", "c", "d"]
    frame["kind"] = [data.target_names[k] for k in data.target]
    frame["who"] = [f"w{number}" for number in np.random.default_rng(3).integers(0, 5, len(frame))]
    return frame


def peer_losses(frame: pd.DataFrame, inside: np.ndarray, outside: np.ndarray, strength: float) -> np.ndarray:
    """The losses outside of scikit-learn's classifier that is trained inside, by the same penalty."""
    x, y = frame[["a", "b", "c", "d"]].to_numpy(), frame["kind"].to_numpy()
    scaler = StandardScaler().fit(x[inside])
    peer = LogisticRegression(C=1 / strength, tol=1e-10, max_iter=10_000).fit(scaler.transform(x[inside]), y[inside])
    likely = peer.predict_proba(scaler.transform(x[outside]))
    return -np.log(likely[np.arange(len(outside)), np.searchsorted(peer.classes_, y[outside])])


def by_group(frame: pd.DataFrame, rows: np.ndarray, strength: float) -> dict[str, np.ndarray]:
    """The losses of each group, left out of a training on the other ones among `rows`."""
    who = frame["who"].to_numpy()[rows]
    return {name: peer_losses(frame, rows[who != name], rows[who == name], strength) for name in np.unique(who)}


def error_of(losses: dict[str, np.ndarray]) -> float:
    """The standard error of the mean of all losses, from the sums of the groups."""
    whole = np.concatenate(list(losses.values()))
    sums = [float((one - whole.mean()).sum()) for one in losses.values()]
    return math.sqrt(len(sums) / (len(sums) - 1) * sum(one**2 for one in sums)) / whole.size


def test_each_group_is_left_out_of_a_training_of_its_own():
    frame = iris()
    held_out = mo.train(frame, target="kind", penalty="l2=0.5", group="who", holdout="each").held_out
    expected = by_group(frame, np.arange(len(frame)), 0.5)
    assert held_out.n_rows == len(frame)
    assert held_out.model.value == pytest.approx(np.concatenate(list(expected.values())).mean(), abs=1e-7)
    assert held_out.model.standard_error == pytest.approx(error_of(expected), rel=1e-5)
    for one in held_out.left_out.groups:
        assert one.model == pytest.approx(expected[one.name].mean(), abs=1e-7)
    rows = held_out.rows
    assert [one.row for one in rows] == list(range(len(frame)))
    assert sum(one.loss for one in rows) / len(rows) == pytest.approx(held_out.model.value, rel=1e-12)
    assert [one.category for one in rows] == frame["kind"].tolist()
    right = sum(held_out.hits[k].name == one.category for one in rows for k in [int(np.argmax(one.probabilities))])
    assert held_out.accuracy == right / len(rows)
    assert held_out.untrained == pytest.approx(math.log(3))


@pytest.mark.slow
def test_the_penalty_is_the_largest_within_one_standard_error_and_chosen_inside_what_is_left():
    frame = iris()
    everything = np.arange(len(frame))

    def chosen(rows: np.ndarray) -> float:
        found = {strength: by_group(frame, rows, strength) for strength in STRENGTHS}
        means = {strength: np.concatenate(list(one.values())).mean() for strength, one in found.items()}
        best = min(means, key=means.__getitem__)
        return max(s for s in STRENGTHS if means[s] <= means[best] + error_of(found[best]))

    result = mo.train(frame, target="kind", penalty="l2=auto", group="who", holdout="each")
    assert result.penalty_choice.chosen == result.model.penalty.strength == chosen(everything)
    who = frame["who"].to_numpy()
    for one in result.held_out.left_out.groups:
        inside, outside = everything[who != one.name], everything[who == one.name]
        assert one.model == pytest.approx(peer_losses(frame, inside, outside, chosen(inside)).mean(), abs=1e-6)


def test_a_share_holds_out_whole_groups_by_the_seed():
    frame = iris()
    seen = set()
    for seed in range(4):
        held_out = mo.train(frame, target="kind", penalty="l2", group="who", holdout=0.4, seed=seed).held_out
        names = tuple(one.name for one in held_out.left_out.groups)
        assert len(names) == 2
        assert held_out.n_rows == frame["who"].isin(names).sum()
        again = mo.train(frame, target="kind", penalty="l2", group="who", holdout=0.4, seed=seed, memory=0).held_out
        assert again.left_out.groups == held_out.left_out.groups  # the rows are on disk
        seen.add(names)
    assert len(seen) > 1


def test_the_groups_are_no_feature_and_copies_of_a_group_do_not_make_the_error_smaller():
    frame = iris()
    assert [
        one.name for one in mo.train(frame, target="kind", penalty="l2", group="who").model.encoding.features
    ] == list("abcd")
    options = {"target": "kind", "penalty": "l2=1", "group": "who", "holdout": "each"}
    one = mo.train(frame, **options).held_out
    options["penalty"] = "l2=3"
    three = mo.train(pd.concat([frame] * 3), **options).held_out
    assert three.model.value == pytest.approx(one.model.value, rel=1e-6)
    assert three.model.standard_error == pytest.approx(one.model.standard_error, rel=1e-6)


def test_the_error_of_groups_is_that_of_rows_where_every_row_is_a_group():
    losses = np.random.default_rng(0).exponential(size=40)
    alone = LossSums.of(losses).losses()
    groups = clustered([LossSums.of(losses[k : k + 1]) for k in range(40)])
    assert groups.value == pytest.approx(alone.value, rel=1e-12)
    assert groups.standard_error == pytest.approx(alone.standard_error, rel=1e-12)
    assert math.isnan(clustered([LossSums.of(losses)]).standard_error)


def test_a_category_that_only_one_group_has_is_impossible_without_it():
    frame = iris()
    frame.loc[frame["kind"] == "setosa", "who"] = "w0"
    found = mo.train(frame, target="kind", penalty="l2", group="who", holdout="each").held_out
    assert found.n_impossible == 50
    assert found.model.value == math.inf
    assert {one.name: one.model == math.inf for one in found.left_out.groups}["w0"]
    likely = [one.probabilities for one in found.rows if one.category == "setosa"]
    assert all(one[0] == 0 and sum(one) == pytest.approx(1) for one in likely)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"holdout": "each"}, "no-groups"),
        ({"penalty": "l2=auto"}, "no-groups"),
        ({"group": "nobody"}, "unknown-column"),
        ({"group": "kind2"}, "unknown-column"),
        ({"group": "who", "features": "a,who"}, "group-among-features"),
        ({"group": "who", "holdout": 0.05}, "holdout-groups"),
        ({"group": "who", "holdout": 0.95}, "holdout-groups"),
        ({"group": "one", "holdout": "each"}, "holdout-groups"),
        ({"group": "one", "penalty": "l2=auto"}, "too-few-groups"),
        ({"group": "who", "holdout": "each", "memory": 0}, "rows-on-disk"),
        ({"group": "who", "holdout": "all"}, "holdout"),
    ],
)
def test_groups_that_do_not_go_are_refused(options, code):
    with pytest.raises(mo.InvalidInput) as caught:
        mo.train(iris().assign(one="x"), target="kind", **options)
    assert caught.value.code == code


def test_groups_with_pictures_that_look_almost_alike_are_told(tmp_path: Path):
    rng = np.random.default_rng(1)
    for category in ("x", "y"):
        base = rng.integers(0, 256, (8, 8, 3))
        for group, noise in (("a", 0), ("b", 9), ("c", 200)):
            path = tmp_path / category / group / "p.png"
            path.parent.mkdir(parents=True)
            pixels = np.clip(base + rng.integers(-noise, noise + 1, base.shape), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).resize((64, 64)).save(path)
    result = mo.train(tmp_path, image_features="pixels:8", group=2, holdout="each")
    (found,) = result.pictures.near_copies
    assert (found.groups, found.n_pairs) == (("a", "b"), 2)
    assert "groups-alike" in result.remarks
    assert result.held_out.rows[0].name == "x/a/p.png"
    assert mo.train(tmp_path, image_features="pixels:8").pictures.near_copies is None
