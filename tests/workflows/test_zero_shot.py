"""The pretrained network without training: its own classes, renormalised, and refused where others have the mass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mottomo as mo
from mottomo.messages import say, verbatim
from mottomo.sources.pictures.decoding import square
from mottomo.sources.pictures.network import Network
from mottomo.storage import pretrained
from tests.cli.run import mottomo

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
CAT, DRAWING = EXAMPLES / "cat.jpg", EXAMPLES / "drawings" / "dog" / "google" / "noto" / "dog.png"
CLASSES = "dog=151-268,fox=277-280,wolf=269-271"


def masses(path: Path) -> np.ndarray:
    """The probability of each of the 1,000 classes."""
    pixels = square(path.read_bytes(), say(""), 224, 0.875)
    network = Network.of(pretrained.pretrained_network(), verbatim("network"), pretrained.LOGITS)
    z = network.run(pixels[None], (0.0,), (1.0,))[0].astype(float)
    return np.exp(z - z.max()) / np.exp(z - z.max()).sum()


def test_the_probabilities_are_the_masses_of_the_classes_renormalised_and_the_rest_is_none_of_these():
    model = mo.zero_shot(CLASSES)
    found = mo.predict(model, [CAT, DRAWING])
    for row, path in enumerate((CAT, DRAWING)):
        every = masses(path)
        three = np.array([every[151:269].sum(), every[277:281].sum(), every[269:272].sum()])
        assert found.probabilities[row] == pytest.approx(three / three.sum(), rel=1e-5)
        assert found.to_dict()["rows"][row]["refusal_score"] == pytest.approx(1 - three.sum(), abs=1e-6)


def test_a_cat_is_none_of_dog_fox_and_wolf_and_is_a_cat_where_there_is_one():
    refused = mo.predict(mo.zero_shot(CLASSES), CAT)
    assert refused.refused.tolist() == [True]
    assert refused.probabilities[0, 0] > 0.5  # which is why the rest must stay visible
    assert masses(CAT)[[*range(151, 269), *range(277, 281), *range(269, 272)]].sum() < 0.01
    known = mo.predict(mo.zero_shot({"cat": "tabby cat+Egyptian Mau+lynx+281-285", "dog": range(151, 269)}), CAT)
    assert known.refused.tolist() == [False]
    assert known.probabilities[0, 0] > 0.95
    assert "was not measured" in " ".join(known.render("text", "en").split())


def test_it_is_kept_in_a_file_and_used_from_the_command_line(tmp_path):
    model = mo.zero_shot(CLASSES)
    model.save(tmp_path / "m")
    expected = mo.predict(model, CAT).probabilities
    assert np.array_equal(mo.predict(tmp_path / "m", CAT).probabilities, expected)
    done = mottomo("predict", str(CAT), "--zero-shot", CLASSES)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.splitlines()[1].split(",")[1]) == expected[0, 0]
    for wrong in ((), ("--zero-shot", CLASSES, "--model", "m")):
        done = mottomo("predict", str(CAT), *wrong)
        assert done.returncode == 2
        assert "--zero-shot" in done.stderr


@pytest.mark.parametrize(
    ("categories", "code"),
    [
        ("dog=151-268", "zero-shot"),
        ("dog=1-5,fox=5", "zero-shot"),
        ("dog", "zero-shot"),
        ("dog=1,dog=2", "zero-shot"),
        ({"dog": [1]}, "zero-shot"),
        ("dog=1,fox=1000", "zero-shot-class"),
        ("dog=1,fox=9-5", "zero-shot-class"),
        ("dog=1,fox=tabby kat", "zero-shot-class"),
        ("dog=1,fox=crane", "zero-shot-class"),
        ({"dog": [1], "fox": [1.5]}, "zero-shot-class"),
        ({"dog": [1], "fox": []}, "zero-shot-class"),
    ],
)
def test_classes_that_there_are_not_are_refused(categories, code):
    with pytest.raises(mo.InvalidInput) as caught:
        mo.zero_shot(categories)
    assert caught.value.code == code
    if categories == "dog=1,fox=tabby kat":
        assert "did you mean tabby cat" in str(caught.value)
