"""What the derivation of a classifier says: for each step a title, what is done and why, and what the numbers say."""

from __future__ import annotations

import math
from collections.abc import Callable

from mottomo.explanation.classifier import ClassifierExplanation, ClassifierExplanationVerdict
from mottomo.explanation.steps import Step
from mottomo.messages import Message, say, say_count, verbatim
from mottomo.report.narration import Narration, explained, failed, told
from mottomo.report.numbers import rounded, significant, whole
from mottomo.report.report import Body, Cells, Column, Table
from mottomo.report.results import Words, about, training_result, worded
from mottomo.report.results.tallies import CATEGORY, COUNT

# What stands beside each other in any case; the rest follows as far as there is room.
_FIRST_FEATURES, _FIRST_CATEGORIES = 3, 6


def _body(explanation: ClassifierExplanation) -> Body:
    title = say("From rows to probabilities: “{target}”", target=explanation.training.classifier.target)
    return told(title, explanation.steps, lambda step: _NARRATORS[step.name](step))


def _rows(step: Step) -> Narration:
    values = step.values
    before = [
        say_count(
            "The table has {number} row. Which category came in row i is written as numbers t_i1, …, t_iK: a single 1 "
            "among zeros (one-hot).",
            "The table has {number} rows. Which category came in row i is written as numbers t_i1, …, t_iK: a single 1 "
            "among zeros (one-hot).",
            values["n_rows"],
            number=whole(values["n_rows"]),
        ),
        say("Here are the first rows: their inputs x (a text is one column a level) and their t."),
    ]
    after = [say("Summed over the rows they are the tally: a classifier is trained on the same counts as a die.")]
    if step.variant == "weighted":
        after.append(
            say("Row i counts m_i times, as its weight says; n is the number of rows, N the sum of the weights.")
        )
    return Narration(say("One-hot rows"), tuple(before), tuple(after), (_row_table(step),))


def _row_table(step: Step) -> Table:
    """The first rows: their inputs, their category and weight, and the category as zeros and a single 1."""
    columns, categories, features, labels, weights = (
        step.values[name] for name in ("columns", "categories", "features", "labels", "weights")
    )

    def feature(j: int) -> tuple[Column, Cells]:
        return Column(f"x{j + 1}", verbatim(columns[j]), digits=6), lambda row: features[row][j]

    def indicator(k: int) -> tuple[Column, Cells]:
        return Column(f"t{k + 1}", verbatim(f"t_i{k + 1}"), "count"), lambda row: int(labels[row] == k)

    own: list[tuple[Column, Cells]] = [(CATEGORY, lambda row: categories[labels[row]])]
    if weights is not None:
        own.append((Column("weight", verbatim("m_i"), "count"), weights))
    x, t = [feature(j) for j in range(len(columns))], [indicator(k) for k in range(len(categories))]
    return Table.of(
        len(labels),
        (Column("row", say("row i"), "count"), range(1, len(labels) + 1)),
        *x[:_FIRST_FEATURES],
        *own,
        *t[:_FIRST_CATEGORIES],
        *x[_FIRST_FEATURES:],
        *t[_FIRST_CATEGORIES:],
    )


def _logits(step: Step) -> Narration:
    sentence = say(
        "Each category gets a number z, its logit: an intercept b_k, and each input times a coefficient w_jk. For the "
        "first row, with the coefficients that training found (they add to zero over the categories):"
    )
    if step.variant == "no-features":
        sentence = say("Each category gets a number z, its logit. Without inputs it is an intercept b_k alone:")
    return Narration(say("From inputs to logits"), (sentence,))


def _softmax(step: Step) -> Narration:
    return Narration(
        say("From logits to probabilities: softmax"),
        (
            say(
                "Powers of e are positive whatever z is; divided by their sum they are probabilities. For the "
                "first row:"
            ),
        ),
        (say("Adding one number to all logits changes nothing: it cancels."),),
    )


def likelihood(step: Step) -> Narration:
    """The likelihood as a product over rows."""
    values = step.values
    before = say(
        "Rows do not influence each other, so the probability of all that happened is a product again, now over rows "
        "and categories. The exponents t_ik pick from each row the probability of what came:"
    )
    labels, categories = values["labels"], values["categories"]
    table = Table.of(
        len(labels),
        (Column("row", say("row i"), "count"), range(1, len(labels) + 1)),
        (CATEGORY, lambda row: categories[labels[row]]),
        (Column("probability", say("its probability y"), "probability", digits=6), values["probabilities"]),
        (Column("loss", say("loss -log y"), digits=6), values["losses"]),
    )
    after: tuple[Message, ...] = ()
    if step.variant == "weighted":
        after = (say("A row that counts several times is that many equal factors."),)
    return Narration(say("The likelihood of the rows"), (before,), after, (table,))


def log_likelihood(step: Step) -> Narration:
    """Its logarithm."""
    return Narration(
        say("Its logarithm"),
        (say("The logarithm turns products into sums and brings the exponents down, as for the die:"),),
    )


def cross_entropy(step: Step) -> Narration:
    """The cross-entropy, beside that of the die."""
    values = step.values
    before = say(
        "Divided by -N it is the cross-entropy, the loss that training makes small. The second line is that of the "
        "die, which knows no inputs (y = t/N for every row); the last is what the inputs are worth, nats a row."
    )
    after: tuple[Message, ...] = ()
    if values["nats"] > 0:
        after = (
            say(
                "As probabilities: the classifier gave what came {own} on (geometric) average, the die {die}.",
                own=rounded(math.exp(-values["nats"])),
                die=rounded(math.exp(-values["nats_of_the_null_model"])),
            ),
        )
    return Narration(say("Cross-entropy"), (before,), after)


def _gradient(step: Step) -> Narration:
    values = step.values
    before = say(
        "The slope of the loss of a row with respect to a logit is the probability less what happened, y - t. For the "
        "first row, and below for a coefficient, summed over all rows:"
    )
    after = []
    if "slope" in values:
        after.append(
            say(
                "To check the formula: where the classifier is still the die (w = 0), it gives {slope} for the first "
                "input and the last category; the quotient of differences of log L gives {quotient}.",
                slope=significant(values["slope"], 8),
                quotient=significant(values["difference_quotient"], 8),
            )
        )
    if step.variant == "no-maximum":
        after.append(say("Here no coefficients make it zero: see the next step."))
    else:
        after.append(
            say(
                "Training ends where it is zero. For the intercepts that says: summed over the rows, the predicted "
                "probabilities are the counts."
            )
        )
    if step.variant == "penalised":
        after.append(say("For the coefficients the penalty adds its own slope, and the sum of both is zero."))
    table = Table.of(
        len(values["categories"]),
        (CATEGORY, values["categories"]),
        (COUNT, values["counts"]),
        (Column("predicted", say("sum of y over the rows"), digits=10), values["predicted"]),
    )
    return Narration(say("The gradient: y - t"), (before,), tuple(after), (table,))


def _maximum(step: Step) -> Narration:
    values = step.values
    if step.variant == "no-maximum":
        table = Table.of(
            len(values["steps"]),
            (Column("steps", say("steps along the direction")), values["steps"]),
            (Column("log_likelihood", say("log L"), digits=10), values["log_likelihoods"]),
        )
        before = say(
            "The categories can be told apart by the inputs. So there is a direction of coefficients along which no "
            "row's own category becomes less probable and some rows' more: log L only rises, towards {supremum}, and "
            "there is no maximum.",
            supremum=significant(values["supremum"], 6),
        )
        return Narration(say("No maximum"), (before,), (), (table,))
    before = say(
        "log L is concave in the coefficients: between any two choices of them it never sags below the straight line. "
        "So where the gradient is zero there is no higher place anywhere."
    )
    gap = significant(values["gap"], 2)
    if values["converged"] and values["proved"]:
        after = [say("It is proved that the optimality gap is at most {gap} nats.", gap=gap)]
    elif values["converged"]:
        after = [say("The optimality gap is about {gap} nats, as far as can be estimated.", gap=gap)]
    else:
        after = [say("Training ended before it got there; about {gap} nats are left.", gap=gap)]
    if step.variant == "penalised":
        after.append(say("With the penalty it is the penalised log L that is at its maximum, and not log L itself."))
    return Narration(say("Why it is the maximum"), (before,), tuple(after))


def _two_categories(step: Step) -> Narration:
    if step.variant == "of-several":
        before = say(
            "Between two of the categories the others do not matter: the share of the first in the two is the logistic "
            "function of the difference of their logits."
        )
    else:
        before = say(
            "With two categories softmax is the logistic function of the difference of the logits, y_2 = 1 - y_1, and "
            "the loss is the two-term formula of logistic regression:"
        )
    return Narration(say("Two categories"), (before,))


_NARRATORS: dict[str, Callable[[Step], Narration]] = {
    "rows": _rows,
    "logits": _logits,
    "softmax": _softmax,
    "row-likelihood": likelihood,
    "row-log-likelihood": log_likelihood,
    "row-cross-entropy": cross_entropy,
    "gradient": _gradient,
    "classifier-maximum": _maximum,
    "two-categories": _two_categories,
}


WORDS = Words[ClassifierExplanation](
    "explain",
    _body,
    worded(
        ClassifierExplanationVerdict,
        {
            "explained": lambda explanation: explained(explanation.steps),
            "explanation-fails": lambda explanation: failed(explanation.failed),
        },
    ),
    about(lambda explanation: explanation.training, training_result.REMARKS),
)
