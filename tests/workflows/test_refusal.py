"""Pictures that are none of the categories: learnt from others or by distance, at a stated rate, kept in the file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binom
from sklearn.linear_model import LogisticRegression

import mottomo as mo
from mottomo.classification.refusal import Others, refusal_of

pytestmark = pytest.mark.xdist_group("refusal")  # on one processor, so that its fixture is made once

COLOURS = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200), "grey": (120, 120, 120)}


def square(colour: str, seed: int) -> Image.Image:
    noise = np.random.default_rng([seed, len(colour)]).normal(0, 40, (6, 6, 3))
    return Image.fromarray(np.clip(COLOURS[colour] + noise, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Red and green squares by three artists; and blue and grey ones, which are anything else."""
    root = tmp_path_factory.mktemp("squares")
    for place, colours in (("own", ("red", "green")), ("others", ("blue", "grey"))):
        for colour in colours:
            for number in range(18):
                path = root / place / colour / f"artist{number % 3}" / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                square(colour, number).save(path)
    return root / "own", root / "others"


OPTIONS = {"image_features": "pixels:3", "group": 2}


def test_pictures_of_anything_else_are_refused_and_those_like_the_training_are_not(folders, tmp_path):
    own, others = folders
    result = mo.train(own, none=others, **OPTIONS)
    refusal = result.model.refusal
    assert (refusal.kind, refusal.n, refusal.n_others, refusal.column) == ("learnt", 36, 36, "level 2")
    assert "refusal" in result.remarks
    assert [one.role for one in result.provenance.sources] == [None, "none"]
    assert result.provenance.sources[1].sha256 == mo.train(others, **OPTIONS).provenance.sources[0].sha256
    with pytest.raises(mo.InvalidInput, match="are those of the training"):
        mo.train(own, none=own / ".." / "own", **OPTIONS)
    found = mo.predict(result.model, [square("blue", 99), square("grey", 98), square("red", 97)])
    assert found.refused.tolist()[0] is True
    assert found.refused.tolist()[2] is False
    assert found.probabilities.sum(axis=1) == pytest.approx(np.ones(3))
    text = " ".join(found.render("text", "en").split())
    assert "given that the picture is one of these" in text
    assert "it missed" in text
    row = found.to_dict()["rows"][0]
    assert (row["refused"], row["refusal_score"] > refusal.threshold) == (True, True)
    result.model.save(tmp_path / "m")
    again = mo.predict(tmp_path / "m", [square("blue", 99), square("grey", 98), square("red", 97)])
    assert again.to_dict()["rows"] == found.to_dict()["rows"]


def test_without_others_the_nearest_picture_decides_and_what_it_misses_is_not_claimed(folders, tmp_path):
    result = mo.train(folders[0], **OPTIONS)
    refusal = result.model.refusal
    assert refusal.kind == "nearest"
    assert math.isnan(refusal.missed)
    found = mo.predict(result.model, [square("blue", 99), square("red", 97)])
    assert found.refused.tolist() == [True, False]
    assert "was not measured" in " ".join(found.render("text", "en").split())
    result.model.save(tmp_path / "m")
    assert mo.predict(tmp_path / "m", square("blue", 99)).refused.tolist() == [True]
    assert mo.train(folders[0], refuse=0, **OPTIONS).model.refusal is None


def test_the_threshold_is_the_smallest_that_keeps_the_rate_and_the_scores_know_no_own_group():
    rng = np.random.default_rng(0)
    features, groups = rng.normal(3, 1, (40, 5)), np.arange(40) % 4
    refusal = refusal_of("p", features, groups, "who", None, rate=0.2, seed=0)
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    own = [1 - (units[groups != groups[k]] @ units[k]).max() for k in range(40)]
    assert refusal.threshold == pytest.approx(np.sort(own)[math.ceil(41 * 0.8) - 1], abs=1e-6)
    assert refusal_of("p", features, groups, "who", None, rate=0.01, seed=0).threshold == math.inf


@pytest.mark.slow
def test_about_as_many_pictures_like_the_training_are_refused_as_was_asked_for():
    rng = np.random.default_rng(20_261_128)
    refused, n = 0, 0
    for seed in range(40):
        features = rng.normal(2, 1, (60, 4))
        refusal = refusal_of("p", features, np.arange(60), None, None, rate=0.2, seed=seed)
        new = rng.normal(2, 1, (50, 4))
        refused += int((refusal.scores(new) > refusal.threshold).sum())
        n += len(new)
    # Fewer than one false alarm in a million, were the rate 0.2 and the pictures of a training independent.
    assert refused <= binom.ppf(1 - 1e-6, n, 0.2) + 40


def test_the_learnt_rule_is_the_ridge_of_a_peer():
    rng = np.random.default_rng(1)
    inside, outside = rng.normal(0, 1, (30, 6)), rng.normal(1, 1, (45, 6))
    groups, kinds = np.arange(30) % 3, np.arange(45) % 9
    refusal = refusal_of("p", inside, groups, "who", Others(outside, kinds, np.arange(45) % 3), rate=0.1, seed=0)
    x, y = np.vstack([inside, outside]), np.repeat([0, 1], [30, 45])
    peer = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(x, y)
    assert refusal.scores(outside) == pytest.approx(peer.predict_proba(outside)[:, 1], abs=1e-6)


@pytest.mark.slow
def test_the_learnt_rule_keeps_its_rate_and_misses_as_many_as_it_says():
    rng = np.random.default_rng(20_261_129)
    refused, missed, said = [], [], []
    for seed in range(12):
        others = Others(rng.normal(1, 1, (100, 5)), np.arange(100) // 5, np.full(100, -1))
        refusal = refusal_of("p", rng.normal(0, 1, (60, 5)), None, None, others, rate=0.2, seed=seed)
        refused.append((refusal.scores(rng.normal(0, 1, (2000, 5))) > refusal.threshold).mean())
        missed.append((refusal.scores(rng.normal(1, 1, (2000, 5))) <= refusal.threshold).mean())
        said.append(refusal.missed)
    # The rate of one rule has a standard deviation of about 0.06, so that the mean of 12 has 0.017.
    assert abs(np.mean(refused) - 0.2) < 6 * 0.017
    assert abs(np.mean(missed) - np.mean(said)) < 6 * 0.017


@pytest.mark.parametrize("rate", [1.0, -0.1, float("nan"), "much", True])
def test_a_rate_that_is_none_is_refused(folders, rate):
    with pytest.raises(mo.InvalidInput, match="rate of false refusals"):
        mo.train(folders[0], refuse=rate, **OPTIONS)


def test_other_pictures_that_do_not_suffice_or_cannot_be_read_are_said(folders, tmp_path):
    for number in range(3):
        path = tmp_path / "one" / "kind" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        square("blue", number).save(path)
    with pytest.raises(mo.InvalidInput, match="too few pictures to learn what is none"):
        mo.train(folders[0], none=tmp_path / "one", **OPTIONS)
    (tmp_path / "one" / "kind" / "bad.png").write_bytes(b"bad")
    with pytest.raises(mo.SourceError, match="some pictures cannot be read"):
        mo.train(folders[0], none=tmp_path / "one", **OPTIONS)
    with pytest.raises(mo.InvalidInput, match="wrong type"):
        mo.train(folders[0], none=3, **OPTIONS)
    with pytest.raises(mo.InvalidCall, match="go with pictures"):
        mo.train({"x": [1, 2, 3], "y": ["a", "b", "a"]}, target="y", none=tmp_path)


def test_a_table_without_pictures_has_no_refusal():
    model = mo.train({"x": [1, 2, 3, 4], "y": ["a", "b", "a", "b"]}, target="y").model
    assert model.refusal is None
    assert not mo.predict(model, {"x": [1]}).refused.any()
