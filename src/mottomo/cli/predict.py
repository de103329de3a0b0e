"""``mottomo predict``: the probability of each category for new rows, from a model file."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from mottomo.cli.commands import command as make_command
from mottomo.cli.commands import option
from mottomo.cli.data import table_of
from mottomo.cli.options import DEBUG, FORM_OPTIONS, LANGUAGE, MISSING_VALUES, SAVE, WHERE
from mottomo.cli.output import chosen_format, encoded, note
from mottomo.cli.progress import progress_bar
from mottomo.messages import say, say_count
from mottomo.report.numbers import whole


@make_command(
    "predict",
    say(
        "Predict the probability of each category for the rows of a table.\n\n"
        "DATA is a table with the columns that the model was trained on (.csv .tsv .jsonl .parquet, also .gz and .zst; "
        "- with --input for standard input). One line for each row that --where keeps, in their order: CSV with a "
        "column a category, or with --json one object. No column of DATA is repeated."
    ),
    (
        click.argument("data", metavar="DATA"),
        option("--model", required=True, metavar="FILE", help=say("The model file that train wrote.")),
        option("--most-probable", is_flag=True, help=say("Add the most probable category.")),
        option(
            "--unknown",
            type=click.Choice(["error", "baseline"]),
            default="error",
            help=say(
                "A text never seen in training: refuse it (the default), or take it for the baseline level, with which "
                "the coefficients compare (of a model with a penalty: for no level)."
            ),
        ),
        MISSING_VALUES,
        WHERE,
        *FORM_OPTIONS,
        LANGUAGE,
        option(
            "--json", "as_json", is_flag=True, help=say("One JSON object with all rows; the same as --format json.")
        ),
        option(
            "--format",
            "output_format",
            type=click.Choice(["csv", "jsonl", "json"]),
            help=say("The form of the output (default: csv)."),
        ),
        SAVE,
        DEBUG,
    ),
)
def command(data: str, model: str, most_probable: bool, unknown: str, **settings: Any) -> None:
    from mottomo.storage.model_file import load_classifier
    from mottomo.storage.whole_file import refuse_unwritable
    from mottomo.workflows.prediction import predict_table

    wanted = chosen_format(settings["output_format"], settings["as_json"])
    classifier = load_classifier(Path(model))
    if settings["save"] is not None:
        refuse_unwritable(Path(settings["save"]))
    missing = tuple(name for name in (settings["missing_values"] or "").split(",") if name)
    names = classifier.categories.names
    n = 0
    with table_of(data, settings) as file, progress_bar(data) as reading:
        batches = predict_table(
            classifier, file, missing_values=missing, where=settings["where"], unknown=unknown, reading=reading
        )
        write = _WRITERS["csv" if wanted == "text" else wanted]
        with _output(settings["save"]) as put:
            n = _written(put, write, batches, names, most_probable, classifier, data)
    if settings["save"] is not None:
        note(say("saved: {file}", file=settings["save"]))
    note(
        say_count(
            "{number} row predicted: the probabilities of “{target}”.",
            "{number} rows predicted: the probabilities of “{target}”.",
            n,
            number=whole(n),
            target=classifier.target,
        )
    )


@contextmanager
def _output(save: str | None) -> Iterator[Callable[[str], Any]]:
    """Where text goes: to standard output as it comes, or into a file that is there when it is whole."""
    if save is None:
        yield sys.stdout.write
        sys.stdout.flush()
        return
    from mottomo.storage.whole_file import whole_file

    with whole_file(Path(save)) as stream:
        yield lambda text: stream.write(encoded(text))


def _written(
    put: Callable[[str], Any],
    write: Any,
    batches: Iterator[Any],
    names: tuple[str, ...],
    most_probable: bool,
    model: Any,
    data: str,
) -> int:
    n, first = 0, next(batches, None)  # what is wrong with the table is said before anything is written

    def counted() -> Iterator[list[list[float]]]:
        nonlocal n
        for batch in itertools.chain([] if first is None else [first], batches):
            n += len(batch)
            yield batch.tolist()

    for text in write(counted(), names, most_probable, model, data):
        put(text)
    return n


def _most_probable(row: list[float], names: tuple[str, ...]) -> str:
    return names[row.index(max(row))]


def _as_csv(batches: Any, names: tuple[str, ...], most_probable: bool, model: Any, data: str) -> Iterator[str]:
    room = io.StringIO()
    writer = csv.writer(room, lineterminator="\n")
    column = "most_probable"
    while column in names:
        column += "_"
    writer.writerow([*names, *([column] if most_probable else [])])
    for batch in batches:
        for row in batch:
            writer.writerow([*map(repr, row), *([_most_probable(row, names)] if most_probable else [])])
        yield room.getvalue()
        room.seek(0)
        room.truncate()
    yield room.getvalue()


def _row(row: list[float], names: tuple[str, ...], most_probable: bool) -> str:
    found: dict[str, Any] = {"probabilities": dict(zip(names, row, strict=True))}
    if most_probable:
        found["most_probable"] = _most_probable(row, names)
    return json.dumps(found, ensure_ascii=False)


def _as_json_lines(batches: Any, names: tuple[str, ...], most_probable: bool, model: Any, data: str) -> Iterator[str]:
    for batch in batches:
        yield "".join(_row(row, names, most_probable) + "\n" for row in batch)


def _as_json(batches: Any, names: tuple[str, ...], most_probable: bool, model: Any, data: str) -> Iterator[str]:
    """The one object of ``--json``, written as the rows come."""
    from mottomo.cli.language import chosen_translator
    from mottomo.report.envelope import SCHEMA, product_version

    head = {"schema": SCHEMA, "command": "predict", "version": product_version(), "input": {"source": data}}
    yield (
        json.dumps(head, ensure_ascii=False)[:-1]
        + ', "result": {"target": '
        + json.dumps(model.target, ensure_ascii=False)
    )
    yield ', "rows": ['
    n, separator = 0, "\n"
    for batch in batches:
        for row in batch:
            yield separator + _row(row, names, most_probable)
            separator = ",\n"
        n += len(batch)
    words = say_count(
        "{number} row predicted: the probabilities of “{target}”.",
        "{number} rows predicted: the probabilities of “{target}”.",
        n,
        number=whole(n),
        target=model.target,
    ).worded(chosen_translator())
    verdict = {"verdict": {"code": "predicted", "text": words}, "notes": []}
    yield f'\n], "n_observations": {n}}}, ' + json.dumps(verdict, ensure_ascii=False)[1:] + "\n"


_WRITERS = {"csv": _as_csv, "jsonl": _as_json_lines, "json": _as_json}
