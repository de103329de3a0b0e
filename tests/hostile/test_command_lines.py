"""Whatever stands on the command line, it ends with a known exit code and a sentence, and without a traceback."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path

import click
import pytest

from mottomo.cli.commands import COMMANDS, LazyGroup
from mottomo.cli.main import cli
from tests.cli.run import mottomo

CODES = {0, 1, 2, 3, 4}
VALUES = [
    "", "a", "nope", "face", "n", "g", "0", "1", "-1", "2", "0.5", "1.5", "1e400", "nan", "inf", "9" * 30, "9" * 5000,
    "fair", "1..6", "1..3", "3..1", "a,b,c", "a,a", ",", "x=1", "a=0.5,b=0.5", "0.5,0.5", "1:1", "1:0", "l2",
    "l2=", "l2=x", "l2=-1",
    "l2=nan", "NULL", "?", "$1", "error('boom')", "1/0", "n > 1", "face = 'a'", "n::int > 0", "face = ",
    "true; select 1",
    "true", "1 = 1 --", "'", '"', ";", "\t", "\n", "\r", "犬", "ab", "\udcff", "utf-8", "utf-16", "rot13", "klingon",
    "../x", "/", ".", "/dev/null", "a/b", "face,n", "n,face", "=", "%", "1/0,1", "1/3,2/3", "even=a+b", "auto", "exact",
]  # fmt: skip
FILES = {
    "t.csv": "face,n,g\na,1,x\nb,2,x\na,3,y\nc,4,y\nb,1,x\na,2,y\n",
    "index.csv": ",face,n\n0,a,1\n1,b,2\n2,a,2\n3,b,1\n4,a,4\n",
    "twice.csv": "face,n,n\na,1,2\nb,2,2\na,3,1\n",
    "t.tsv": "face\tn\na\t1\nb\t2\n",
    "t.jsonl": '{"face":"a","n":1}\n{"face":"b","n":2}\n{"face":"a","n":3}\n{"face":"b","n":1}\n',
    "t.txt": "a\nb\na\nc\n",
    "odds.csv": "category,p\na,0.5\nb,0.25\nc,0.25\n",
    "empty.csv": "",
    "header.csv": "face\n",
    "quote.csv": 'face\n"a\nb\n',
    "bad.jsonl": '{"face":"a",}\n',
    "bad.parquet": "PAR1",
    "model.m": "no model",
}
SLOW = {"--budget", "--draws", "--memory"}  # which may be given so much that it takes long, as they promise


# What is right, for command lines of which most are.
GOOD = {
    "--column": "face", "--target": "face", "--features": "n", "--by": "g", "--count-column": "n", "--weights": "n",
    "--where": "n <> '1'", "--categories": "a,b,c", "--null": "a=0.5,b=0.25,c=0.25", "--level": "0.9",
    "--penalty": "l2=1",
    "--significance": "0.1", "--holdout": "0.4", "--seed": "3", "--n": "5", "--missing-values": "NA", "--text": "n",
}  # fmt: skip


def command_line(random_: random.Random, commands: dict[str, click.Command]) -> list[str]:
    """A command with options of its own and data, right or nearly so."""
    name, odd = random_.choice(list(commands)), random_.choice([0.02, 0.5])
    options = [one for one in commands[name].params if isinstance(one, click.Option)]
    options = [one for one in options if not {"--help", "--debug", "--save", "--onnx"} & {*one.opts}]
    needed = [one for one in options if one.required and random_.random() > odd / 5]
    options = [one for one in options if random_.random() < odd or one.is_flag or one.opts[0] in GOOD]
    chosen = [*needed, *random_.choices(options, k=random_.choice([0, 0, 1, 1, 2, 3]))] if options else needed
    said = [word for option in dict.fromkeys(chosen) for word in _said(option, random_, odd)]
    data = random_.choice(
        [["2", "5", "2"], ["t.csv", "--column", "face"], ["t.txt"]] if name != "predict" else [["t.csv"]]
    )
    if "--target" in said or "--column" in said:
        data = ["t.csv"]
    if random_.random() < odd:
        data = random_.choice(
            [[], ["1", "2", "/", "3", "4"], *([one] for one in FILES), [random_.choice(VALUES)], ["-"]]
        )
    return [name, *said, *data] if random_.random() < 0.5 else [name, *data, *said]


def _said(option: click.Option, random_: random.Random, odd: float) -> list[str]:
    name = option.opts[0]
    if option.is_flag:
        return [name]
    if random_.random() < odd:
        return [name, random_.choice(["1", "", "-1", "x", "nan"] if name in SLOW else [*VALUES, *FILES])]
    if isinstance(option.type, click.Choice):
        return [name, str(random_.choice(list(option.type.choices)))]
    return [name, GOOD.get(name, "1")]


def prepare(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")


def commands() -> dict[str, click.Command]:
    context = click.Context(cli)
    assert isinstance(cli, LazyGroup)
    found = {name: cli.get_command(context, name) for name in COMMANDS}
    return {name: command for name, command in found.items() if command is not None}


FOREIGN = re.compile(r"Traceback|\b(Binder|Parser|Catalog|Conversion|Invalid Input|IO) Error\b|duckdb|narwhals|numpy\.")


def ended(seed: int, n: int) -> Counter[int]:
    """How the command lines ended, in a folder that ``prepare`` made."""
    random_, known, seen = random.Random(seed), commands(), Counter()
    for number in range(n):
        arguments = command_line(random_, known)
        if arguments[0] == "simulate":  # which gives as many outcomes as it is asked for, if it takes years
            arguments = ["7" if one.isdigit() and len(one) > 6 else one for one in arguments]
        try:
            done = mottomo(*arguments, stdin="a\nb\na\n")
        except Exception as error:
            raise AssertionError(f"seed {seed}, number {number}: {arguments}") from error
        code, out, err = done.returncode, done.stdout, done.stderr
        assert code in CODES, (seed, number, arguments, code, err)
        assert not FOREIGN.search(err), (seed, number, arguments, err)
        assert code == 0 or out or err, (seed, number, arguments)
        if code == 0 and "--json" in arguments and arguments[0] != "simulate" and out.startswith("{"):
            json.loads(out)
        seen[code] += 1
    return seen


@pytest.fixture
def here(monkeypatch, tmp_path):
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("here")
def test_command_lines_end_with_a_code_and_a_sentence():
    seen = ended(20_264, 250)
    assert min(seen[code] for code in (0, 2, 3)) > 20


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.usefixtures("here")
def test_many_command_lines_end_with_a_code_and_a_sentence(seed):
    seen = ended(60_000 + seed, 2_500)
    assert min(seen[code] for code in (0, 2, 3)) > 200
