"""Training on pictures and predicting them: folders, tables, pictures in memory; bad ones are named, none is lost."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import mottomo as mo
from mottomo.messages import say
from mottomo.sources.pictures.decoding import square
from mottomo.workflows import picture_recipes
from mottomo.workflows.picture_recipes import recipe_of, save_onnx
from tests.cli.run import mottomo

DRAWINGS = Path(__file__).parent.parent.parent / "examples" / "drawings"
N_EACH = 6


def drawn(category: str, number: int) -> Image.Image:
    """A bright or a dark square with noise, so that the brightness tells them apart."""
    rng = np.random.default_rng([number, category == "dark"])
    level = 60 if category == "dark" else 190
    return Image.fromarray(np.clip(rng.normal(level, 40, (12, 12, 3)), 0, 255).astype(np.uint8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "squares"
    for category in ("bright", "dark"):
        for number in range(N_EACH):
            path = root / category / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            drawn(category, number).save(path)
    return root


PIXELS = "pixels:4"


def test_a_folder_is_trained_on_and_its_pictures_are_predicted_alike_from_everywhere(folder, tmp_path):
    result = mo.train(folder, image_features=PIXELS)
    assert result.verdict == "trained"
    assert result.tally.to_dict()["counts"] == [N_EACH, N_EACH]
    assert result.pictures.n == 2 * N_EACH
    paths = sorted(folder.rglob("*.png"))
    expected = mo.predict(result.model, paths).probabilities
    result.model.save(tmp_path / "m.mottomo")
    for data in (
        folder,
        str(folder / "*" / "*.png"),
        [str(path) for path in paths],
        [Image.open(path) for path in paths],
    ):
        assert np.array_equal(mo.predict(tmp_path / "m.mottomo", data).probabilities, expected)
    alone = mo.predict(result.model, str(paths[0]))
    assert alone.probabilities == pytest.approx(expected[:1], abs=1e-15)
    assert (
        mo.predict(result.model, np.asarray(Image.open(paths[0]))).probabilities.tolist()
        == alone.probabilities.tolist()
    )
    assert mo.predict(result.model, folder).to_dict()["rows"][0]["picture"] == "bright/0.png"


@pytest.mark.slow
def test_the_graph_for_other_programs_gives_the_same_probabilities(folder, tmp_path):
    import onnxruntime

    for features in (PIXELS, "grey:5", None):
        result = mo.train(folder, image_features=features)
        save_onnx(result.model, tmp_path / "m.onnx")
        session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
        paths = sorted(folder.rglob("*.png"))
        side = session.get_inputs()[0].shape[1]
        pixels = np.stack([square(path.read_bytes(), say(""), side, 1.0) for path in paths])
        (found,) = session.run(["probabilities"], {"picture": pixels})
        assert np.abs(found - mo.predict(result.model, paths).probabilities).max() < 1e-12


def test_a_table_may_have_a_column_of_pictures_beside_others(folder, tmp_path):
    paths = sorted(folder.rglob("*.png"))
    rows = pd.DataFrame({
        "file": [path.relative_to(folder).as_posix() for path in paths],
        "size": np.arange(len(paths)) % 5,
        "kind": [path.parent.name for path in paths],
    })  # fmt: skip
    rows.to_csv(folder / "table.csv", index=False)
    options = {"target": "kind", "images": "file", "image_features": PIXELS}
    result = mo.train(folder / "table.csv", **options)
    assert [one.name for one in result.model.encoding.features] == ["file", "size"]
    expected = mo.predict(result.model, folder / "table.csv").probabilities
    absolute = rows.assign(file=[str(path) for path in paths])
    in_memory = rows.assign(file=[Image.open(path) for path in paths])
    columns = {name: list(in_memory[name]) for name in in_memory}
    for data in (absolute, in_memory, columns):
        again = mo.train(data, **options)
        assert np.array_equal(again.model.coefficients, result.model.coefficients)
        assert np.array_equal(mo.predict(again.model, data).probabilities, expected)
    some = mo.train(folder / "table.csv", where="size <> '0'", **options)
    assert some.pictures.n == sum(rows["size"] > 0)
    with pytest.raises(mo.InvalidInput, match="does not read pictures alone"):
        mo.predict(result.model, paths)


def test_the_default_is_a_ridge_and_maximum_likelihood_is_asked_for(folder):
    assert str(mo.train(folder, image_features=PIXELS).model.penalty) == "l2=1"
    free = mo.train(folder, image_features=PIXELS, penalty="none")
    assert free.model.penalty is None
    assert free.verdict == "no-maximum"  # fewer pictures than numbers


def test_pixels_are_one_block_that_is_not_standardised(folder):
    from sklearn.linear_model import LogisticRegression

    paths = sorted(folder.rglob("*.png"))
    x = np.stack([square(path.read_bytes(), say(""), 4, 1.0).ravel() / 255 for path in paths])
    labels = [path.parent.name for path in paths]
    result = mo.train(folder, image_features=PIXELS, penalty="l2=0.5")
    peer = LogisticRegression(C=2.0, tol=1e-10, max_iter=10_000).fit(x, labels)
    assert mo.predict(result.model, paths).probabilities == pytest.approx(peer.predict_proba(x), abs=1e-6)


def damaged(folder: Path) -> list[str]:
    (folder / "dark" / "0.png").write_bytes(b"nothing")
    (folder / "dark" / "9.png").touch()
    return ["dark/0.png", "dark/9.png"]


def test_pictures_that_cannot_be_read_are_all_named_or_left_out_if_that_is_asked_for(folder):
    clean = mo.train(folder, image_features=PIXELS)
    bad = damaged(folder)
    with pytest.raises(mo.SourceError, match="2 of 13 pictures") as caught:
        mo.train(folder, image_features=PIXELS)
    assert all(name in str(caught.value) for name in bad)
    result = mo.train(folder, image_features=PIXELS, skip_bad=True)
    assert [one.name for one in result.pictures.skipped] == bad
    assert (result.pictures.n, result.n_rows) == (11, 11)
    assert "pictures-skipped" in result.remarks
    assert all(name in result.render("text") for name in bad)
    with pytest.raises(mo.SourceError, match="2 of 13 pictures"):
        mo.predict(clean.model, folder)
    found = mo.predict(clean.model, folder, skip_bad=True)
    explained = mo.explain(folder, model=clean.model, skip_bad=True)
    assert explained.remarks == ("pictures-skipped", "nothing-proved")
    assert explained.to_dict()["skipped"] == found.to_dict()["skipped"]
    with pytest.raises(mo.SourceError, match="some pictures cannot be read"):
        mo.explain(folder, model=clean.model)
    assert (len(found), [one.name for one in found.skipped]) == (11, bad)
    assert found.to_dict()["skipped"] == [
        {"name": "dark/0.png", "problem": "not-a-picture"}, {"name": "dark/9.png", "problem": "empty-source"}
    ]  # fmt: skip


def test_one_bad_file_does_not_lose_what_was_computed_of_the_others(folder, monkeypatch):
    bad = damaged(folder)
    with pytest.raises(mo.SourceError):
        mo.train(folder, image_features="pixels:5")
    for name in bad:
        (folder / name).unlink()
    monkeypatch.setattr("mottomo.sources.pictures.extraction.square", lambda *_: pytest.fail("computed again"))
    assert mo.train(folder, image_features="pixels:5").pictures.n == 11


def test_files_that_are_no_pictures_are_passed_over_and_that_is_told(folder):
    (folder / "dark" / "notes.txt").write_text("of the artist")
    result = mo.train(folder, image_features=PIXELS)
    assert result.pictures.n_other_files == 1
    assert "1 file of the folder was passed over" in " ".join(result.render("text", "en").split())


def test_copies_are_told_and_one_in_two_categories_is_named(folder):
    (folder / "dark" / "a.png").write_bytes((folder / "dark" / "1.png").read_bytes())
    (folder / "dark" / "b.png").write_bytes((folder / "bright" / "1.png").read_bytes())
    result = mo.train(folder, image_features=PIXELS)
    assert result.pictures.n_copies == 2
    assert result.pictures.in_two_categories == (("bright/1.png", "dark/b.png"),)
    assert {"pictures-copied", "pictures-in-two-categories"} <= set(result.remarks)
    assert "bright/1.png = dark/b.png" in " ".join(result.render("text").split())


def test_one_category_alone_is_refused_before_any_picture_is_read(folder, monkeypatch):
    for path in (folder / "dark").iterdir():
        path.unlink()
    (folder / "dark").rmdir()
    monkeypatch.setattr("mottomo.sources.pictures.extraction.square", lambda *_: pytest.fail("read"))
    with pytest.raises(mo.InvalidInput, match="one category"):
        mo.train(folder, image_features="pixels:6")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_where_the_pictures_come_from_is_what_sha256sum_prints(folder):
    result = mo.train(folder, image_features=PIXELS)
    (source,) = result.provenance.sources
    paths = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.png"))]
    lines = "".join(f"{sha256(folder / path)}  {path}\n" for path in paths)  # what sha256sum prints
    assert (source.name, source.sha256) == (str(folder), hashlib.sha256(lines.encode()).hexdigest())
    (one, model) = mo.predict(result.model, folder / "dark" / "0.png").provenance.sources
    assert one.sha256 == sha256(folder / "dark" / "0.png")
    assert model.role == "model"


def test_options_that_go_with_pictures_alone_are_refused_without_them(folder):
    pets = {"x": [1, 2, 3, 4], "y": ["a", "b", "a", "b"]}
    with pytest.raises(mo.InvalidCall, match="go with pictures"):
        mo.train(pets, target="y", skip_bad=True)
    with pytest.raises(mo.InvalidCall, match="which column"):
        mo.train(pets)
    with pytest.raises(mo.InvalidInput, match="no such column"):
        mo.train(pets, target="y", images="z")
    with pytest.raises(mo.InvalidInput, match="this is no picture"):
        mo.train({"p": [object(), object()], "y": ["a", "b"]}, target="y", images="p")
    model = mo.train(pets, target="y").model
    with pytest.raises(mo.InvalidInput, match="does not read pictures alone"):
        mo.predict(model, folder / "dark" / "0.png")
    with pytest.raises(mo.SourceError, match="no picture has a name of this pattern"):
        mo.predict(model, str(folder / "*.tiff"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("svm", "pixels:SIDE, grey:SIDE"),
        ("svm,x=1", "pixels:SIDE, grey:SIDE"),
        ("pixels", "a side of 1 to 1024 pixels, such as pixels:32"),
        ("pixels:0", "a side of 1 to 1024"),
        ("pixels:100000", "a side of 1 to 1024"),
        ("grey:x", "such as grey:32"),
        ("pixels:8,mean=1", "crop alone"),
        ("efficientnet-lite0,crop=2", "above 0 and at most 1"),
        ("efficientnet-lite0,crop=0", "above 0 and at most 1"),
        ("pixels:8,crop=a", "a number"),
        ("pixels:8,crop=1,crop=0.5", "each setting once"),
        ("x.onnx,side=3", "output, mean, deviation, crop"),
    ],
)
def test_features_that_are_none_are_refused_with_what_is_wrong(text, words):
    with pytest.raises(mo.InvalidInput, match=words):
        recipe_of(text)


def test_pictures_in_memory_that_are_none_are_refused_also_where_their_numbers_are_known(folder):
    model = mo.train(folder, image_features=PIXELS).model
    first = drawn("dark", 1)
    stream = io.BytesIO()
    first.save(stream, "GIF", save_all=True, append_images=[drawn("bright", 2)])
    jpeg = io.BytesIO()
    Image.new("RGB", (300, 300), "red").save(jpeg, "JPEG")
    closed = Image.open(io.BytesIO(jpeg.getvalue()))
    closed.close()
    for picture, words in (
        (Image.open(io.BytesIO(stream.getvalue())), "several pictures"),
        (Image.new("RGB", (0, 0)), "no pixels"),
        (Image.open(io.BytesIO(jpeg.getvalue()[:900])), "cut or damaged"),
        (closed, "cut or damaged"),
    ):
        with pytest.raises(mo.SourceError, match=words):
            mo.predict(model, picture)
    for data in (np.zeros((8, 8, 3)), np.zeros((2, 8, 8, 3), np.uint8), [], iter([first]), "photo"):
        with pytest.raises(mo.InvalidInput, match="neither pictures nor a table"):
            mo.predict(model, data)
    with pytest.raises(mo.SourceError, match="cannot be opened"):
        mo.predict(model, Path("x" * 5000 + ".png"))
    with pytest.raises(mo.InvalidInput, match="pictures alone have no categories"):
        mo.train(folder / "dark" / "0.png")


def test_an_output_does_not_replace_what_is_read(folder, tmp_path):
    picture = folder / "dark" / "0.png"
    table = tmp_path / "t.csv"
    table.write_text(f"p,y\n{picture},dark\n{folder / 'bright' / '0.png'},bright\n")
    network = tmp_path / "n.onnx"
    network.write_bytes(b"a network")
    for arguments in (
        ["train", str(folder), "--image-features", "pixels:4", "--figure", str(picture)],
        [
            "train",
            str(table),
            "--images",
            "p",
            "--target",
            "y",
            "--image-features",
            "pixels:4",
            "--figure",
            str(picture),
        ],
        ["predict", str(picture), "--model", "m", "--figure", str(picture)],
        ["predict", str(folder / "*" / "*.png"), "--model", "m", "--figure", str(picture)],
        ["train", str(folder), "--image-features", f"{network},mean=1,deviation=1", "--onnx", str(network)],
        ["predict", str(picture), "--model", str(table), "--save", str(table)],
        ["tally", str(table), "--column", "y", "--save", str(table)],
    ):
        before = picture.read_bytes(), network.read_bytes(), table.read_bytes()
        done = mottomo(*arguments)
        assert (done.returncode, "would replace it" in done.stderr) == (2, True), arguments
        assert (picture.read_bytes(), network.read_bytes(), table.read_bytes()) == before


def test_a_level_of_folders_that_groups_nothing_is_refused_with_those_that_are(folder):
    (folder / "dark" / "a").mkdir()
    (folder / "dark" / "0.png").rename(folder / "dark" / "a" / "0.png")
    for level, got in ((1, "1"), (3, "3"), (2, "bright/0.png")):
        with pytest.raises(mo.InvalidInput, match="the deepest level is 2") as caught:
            mo.train(folder, group=level, image_features=PIXELS)
        assert str(caught.value.got) == got


def test_a_network_of_others_is_named_by_its_file_and_found_again_by_its_hash(folder, tmp_path, monkeypatch):
    from tests.sources.pictures.test_extraction import model

    file = tmp_path / "f.onnx"
    file.write_bytes(model(["n", 3, 16, 16]))
    with pytest.raises(mo.SourceError, match="how the ONNX model wants its colours"):
        mo.train(folder, image_features=str(file))
    result = mo.train(folder, image_features=f"{file},mean=100,deviation=50/60/70")
    picture_recipes._extractions.clear()  # as another process
    assert mo.predict(result.model, folder).n_observations == 2 * N_EACH
    picture_recipes._extractions.clear()
    file.write_bytes(model(["n", 16, 16, 3]))
    with pytest.raises(mo.SourceError, match="not the one that the model was trained with"):
        mo.predict(result.model, folder)
    file.unlink()
    with pytest.raises(mo.SourceError, match="is not there"):
        mo.predict(result.model, folder)


@pytest.mark.slow
def test_the_same_pictures_give_the_same_file_on_one_thread_and_on_two(tmp_path):
    code = (
        "import sys, mottomo as mo; from pathlib import Path; from mottomo.sources.pictures import extraction; "
        "extraction.processors = lambda: int(sys.argv[2]); "
        f"mo.train(Path({str(DRAWINGS)!r})).model.save(sys.argv[1])"
    )
    for threads in (1, 2):
        own = {"OPENBLAS_NUM_THREADS": str(threads), "MOTTOMO_CACHE": str(tmp_path / str(threads))}
        call = [sys.executable, "-c", code, tmp_path / f"m{threads}", str(threads)]
        subprocess.run(call, env={**os.environ, **own}, check=True)
    assert (tmp_path / "m1").read_bytes() == (tmp_path / "m2").read_bytes()


@pytest.mark.slow
def test_a_vendor_left_out_is_told_apart_from_what_the_drawings_of_the_others_say():
    paths = sorted(DRAWINGS.rglob("*.png"))
    category = np.array([path.relative_to(DRAWINGS).parts[0] for path in paths])
    vendor = np.array([path.relative_to(DRAWINGS).parts[1] for path in paths])
    losses = np.empty(len(paths))
    hits = np.empty(len(paths))
    for name in np.unique(vendor):
        inside, outside = np.flatnonzero(vendor != name), np.flatnonzero(vendor == name)
        table = {"picture": [str(paths[i]) for i in inside], "animal": category[inside].tolist()}
        model = mo.train(table, target="animal", images="picture").model
        found = mo.predict(model, [paths[i] for i in outside])
        places = [found.categories.names.index(one) for one in category[outside]]
        losses[outside] = -np.log(found.probabilities[np.arange(len(places)), places])
        hits[outside] = found.probabilities.argmax(axis=1) == places
    assert losses.mean() <= 0.40
    assert hits.mean() >= 0.80
    assert losses.mean() < np.log(3)


def test_a_model_of_pictures_is_shown_without_its_numbers_one_by_one(folder):
    result = mo.train(folder, image_features=PIXELS)
    text = result.render("text", "en")
    assert "block of 48 numbers" in text
    assert "picture[0]" not in text
    assert "picture[47]" in result.render("csv")
    assert json.loads(result.render("json"))["result"]["pictures"]["features"] == PIXELS


def test_what_is_said_of_a_folder_calls_it_by_its_name(folder):
    with pytest.raises(mo.InvalidCall, match="no table but pictures"):
        mo.train(folder, images="picture")
    with pytest.raises(mo.InvalidInput, match=str(folder)):
        mo.train(folder, group=9)
    with pytest.raises(mo.InvalidInput, match="no where for pictures"):
        mo.train(folder, where="true")


def test_a_column_of_pictures_that_is_no_feature_is_refused_not_passed_over(folder):
    paths = [str(path) for path in sorted(folder.rglob("*.png"))]
    table = {"p": paths, "k": list(range(len(paths))), "y": [Path(one).parent.name for one in paths]}
    for options in (
        {"target": "p"},
        {"target": "y", "group": "p"},
        {"target": "y", "features": "k"},
        {"target": "y", "features": []},
    ):
        with pytest.raises(mo.InvalidCall, match="not among the features"):
            mo.train(table, images="p", image_features=PIXELS, **options)


def test_names_that_are_no_text_are_refused_in_our_words(folder):
    odd = Path(os.fsdecode(os.fsencode(str(folder / "dark")) + b"/\xff.png"))
    drawn("dark", 1).save(odd)
    for call in (lambda: mo.train(folder, image_features=PIXELS), lambda: mo.predict(mo.zero_shot("a=1,b=2"), odd)):
        with pytest.raises(mo.SourceError, match="no text in UTF-8"):
            call()


def test_a_network_that_gives_other_rows_than_pictures_is_refused(folder, tmp_path):
    from onnx import TensorProto, helper

    pixels = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])
    rows = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["m", 3])
    node = helper.make_node("ReduceMean", ["x"], ["y0"], axes=[0, 2, 3], keepdims=0)
    flat = helper.make_node("Unsqueeze", ["y0", "at"], ["y"])
    at = helper.make_tensor("at", TensorProto.INT64, [1], [0])
    graph = helper.make_graph([node, flat], "g", [pixels], [rows], [at])
    content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()
    (tmp_path / "f.onnx").write_bytes(content)
    with pytest.raises(mo.SourceError, match="a row for each picture"):
        mo.train(folder, image_features=f"{tmp_path / 'f.onnx'},mean=0,deviation=1")
