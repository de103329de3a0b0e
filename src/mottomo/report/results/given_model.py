"""What the derivation with a given model says: for each step a title, what is done and why, what the numbers say."""

from __future__ import annotations

from collections.abc import Callable

from mottomo.explanation.given_model import ModelExplanation, ModelExplanationRemark, ModelExplanationVerdict
from mottomo.explanation.steps import Step
from mottomo.messages import say, say_count, verbatim
from mottomo.report.held_out import dropped
from mottomo.report.narration import Narration, explained, failed, told
from mottomo.report.numbers import whole
from mottomo.report.pictures import left_out
from mottomo.report.report import Body, Cells, Column, Table
from mottomo.report.results import Words, worded
from mottomo.report.results.classifier import cross_entropy, likelihood, log_likelihood
from mottomo.report.results.tallies import CATEGORY, COUNT

_FIRST_CATEGORIES = 6
_ROW = Column("row", say("row i"), "count")


def _body(explanation: ModelExplanation) -> Body:
    title = say("From rows to probabilities: “{target}”", target=explanation.score.target)
    return told(title, explanation.steps, lambda step: _NARRATORS[step.name](step))


def _rows(step: Step) -> Narration:
    values = step.values
    labels, categories, weights = values["labels"], values["categories"], values["weights"]
    before = say_count(
        "There is {number} row. Which category came in row i is written as numbers t_i1, …, t_iK: a single 1 among "
        "zeros (one-hot).",
        "There are {number} rows. Which category came in row i is written as numbers t_i1, …, t_iK: a single 1 among "
        "zeros (one-hot).",
        values["n_rows"],
        number=whole(values["n_rows"]),
    )
    after = [say("Summed over the rows they are the tally: a classifier is judged on the same counts as a die.")]
    if weights is not None:
        after.append(
            say("Row i counts m_i times, as its weight says; n is the number of rows, N the sum of the weights.")
        )

    def indicator(k: int) -> tuple[Column, Cells]:
        return Column(f"t{k + 1}", verbatim(f"t_i{k + 1}"), "count"), lambda row: int(labels[row] == k)

    own: list[tuple[Column, Cells]] = _names(step)
    own.append((CATEGORY, lambda row: categories[labels[row]]))
    if weights is not None:
        own.append((Column("weight", verbatim("m_i"), "count"), weights))
    table = Table.of(
        len(labels),
        (_ROW, range(1, len(labels) + 1)),
        *own,
        *[indicator(k) for k in range(len(categories))][:_FIRST_CATEGORIES],
    )
    return Narration(say("One-hot rows"), (before,), tuple(after), (table,))


def _names(step: Step) -> list[tuple[Column, Cells]]:
    """What the first rows are called, if they have names."""
    names = step.values["names"]
    return [] if names is None else [(Column("name", say("picture"), "label"), names)]


def _processing(step: Step) -> Narration:
    values = step.values
    sentence = {
        "softmax": say(
            "The model is a softmax regression: the logit of each category is an intercept, and each input times a "
            "coefficient; softmax makes probabilities of the logits."
        ),
        "network": say(
            "The model is a neural network with {layers} units in its layers: each layer multiplies its inputs by "
            "weights, adds, and all but the last cut off what is below 0. The last one gives the logits, of which "
            "softmax makes probabilities.",
            layers=" – ".join(map(str, values["layers"])),
        ),
        "zero-shot": say(
            "The model is a network trained on photos: the probability of a category is that of its classes, divided "
            "by that of the classes of all categories."
        ),
        "foreign": say(
            "The model is an ONNX file or an estimator: what it does is not seen here, and what it gives was checked."
        ),
    }[step.variant]
    probabilities, categories = values["probabilities"], values["categories"]

    def of(k: int) -> tuple[Column, Cells]:
        column = Column(f"y{k + 1}", verbatim(categories[k]), "probability", digits=6)
        return column, lambda row: probabilities[row][k]

    table = Table.of(
        len(probabilities),
        (_ROW, range(1, len(probabilities) + 1)),
        *_names(step),
        *[of(k) for k in range(len(categories))],
    )
    after = say("Whatever computes them, from here on only these probabilities y matter.")
    return Narration(say("From inputs to probabilities"), (sentence,), (after,), (table,))


def _gradient(step: Step) -> Narration:
    values = step.values
    before = say(
        "The slope of the loss of a row with respect to a logit is the probability less what happened, y - t: what "
        "training by gradients sends back through a model. For the first row:"
    )
    after = say(
        "At the maximum of log L, intercepts make the sums of y over the rows of the training the counts. On other "
        "rows the difference shows how far the model is off on the whole."
    )
    table = Table.of(
        len(values["categories"]),
        (CATEGORY, values["categories"]),
        (COUNT, values["counts"]),
        (Column("predicted", say("sum of y over the rows"), digits=10), values["predicted"]),
    )
    return Narration(say("The gradient: y - t"), (before,), (after,), (table,))


_NARRATORS: dict[str, Callable[[Step], Narration]] = {
    "model-rows": _rows,
    "processing": _processing,
    "row-likelihood": likelihood,
    "row-log-likelihood": log_likelihood,
    "row-cross-entropy": cross_entropy,
    "model-gradient": _gradient,
}


WORDS = Words[ModelExplanation](
    "explain",
    _body,
    worded(
        ModelExplanationVerdict,
        {
            "explained": lambda explanation: explained(explanation.steps),
            "explanation-fails": lambda explanation: failed(explanation.failed),
        },
    ),
    worded(
        ModelExplanationRemark,
        {
            "rows-dropped": lambda explanation: dropped(explanation.score.n_dropped),
            "pictures-skipped": lambda explanation: left_out(explanation.score.skipped),
            "nothing-proved": lambda explanation: say(
                "The model is taken as it is. Whether its coefficients are at the maximum of log L is not looked at."
            ),
        },
    ),
)
