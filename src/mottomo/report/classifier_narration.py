"""The words of a classifier's explanation: for each step a title, what is done and why, and what the numbers say."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from mottomo.messages import Message, say, say_count, verbatim
from mottomo.report.descriptions.common import JSON, cut, rest_of_columns
from mottomo.report.document import Cell, Column, Table
from mottomo.report.layout import WIDTH, display_width
from mottomo.report.narration import Narration
from mottomo.report.numbers import rounded, significant, whole

_MOST_COLUMNS = 3
_MOST_CATEGORIES = 6
_LEAST_WIDTH = 17  # of the columns of the row's number and of its category


def narrated_classifier_step(step: Any) -> Narration:
    """The words of a step, in the variant that fits the data."""
    return _NARRATORS[step.name](step)


def _rows(step: Any) -> Narration:
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
    return Narration(say("One-hot rows"), tuple(before), tuple(after), (_row_table(values),))


def _columns_in(room: int, columns: Sequence[str]) -> Sequence[str]:
    """The first columns that fit into a line, at least one, with a narrow one of dots where these are not all."""
    for count in range(min(len(columns), _MOST_COLUMNS), 1, -1):
        dots = 0 if count == len(columns) else 3
        if dots + sum(max(display_width(name), 8) + 2 for name in columns[:count]) <= room:
            return columns[:count]
    return columns[:1]


def _row_table(values: Any) -> Table:
    columns, categories = values["columns"], values["categories"]
    named = categories[:_MOST_CATEGORIES]
    others = _LEAST_WIDTH + 6 * len(named) + max(0, *(display_width(name) - 10 for name in categories))
    shown = _columns_in(WIDTH - others - (0 if values["weights"] is None else 10), columns)
    heads = [Column("row", say("row i")), *(Column(f"x{j}", verbatim(name)) for j, name in enumerate(shown, 1))]
    if len(columns) > len(shown):
        heads.append(Column("more", verbatim("…")))
    heads.append(Column("category", say("category"), False))
    if values["weights"] is not None:
        heads.append(Column("weight", verbatim("m_i")))
    heads += [Column(f"t{k}", verbatim(f"t_i{k}")) for k in range(1, len(named) + 1)]
    rows: list[list[Cell]] = []
    for i, (features, label) in enumerate(zip(values["features"], values["labels"], strict=True), 1):
        row: list[Cell] = [str(i), *(significant(x, 6) for x in features[: len(shown)])]
        if len(columns) > len(shown):
            row.append("…")
        row.append(categories[label])
        if values["weights"] is not None:
            row.append(whole(values["weights"][i - 1]))
        row += [str(int(k == label)) for k in range(len(named))]
        rows.append(row)
    hidden = len(columns) - len(shown) + len(categories) - len(named)
    if hidden:
        rows.append(rest_of_columns(hidden, len(heads), JSON))
    return Table(tuple(heads), rows)


def _logits(step: Any) -> Narration:
    sentence = say(
        "Each category gets a number z, its logit: an intercept b_k, and each input times a coefficient w_jk. For the "
        "first row, with the coefficients that training found (they add to zero over the categories):"
    )
    if step.variant == "no-features":
        sentence = say("Each category gets a number z, its logit. Without inputs it is an intercept b_k alone:")
    return Narration(say("From inputs to logits"), (sentence,))


def _softmax(step: Any) -> Narration:
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


def _likelihood(step: Any) -> Narration:
    values = step.values
    before = say(
        "Rows do not influence each other, so the probability of all that happened is a product again, now over rows "
        "and categories. The exponents t_ik pick from each row the probability of what came:"
    )
    heads = (
        Column("row", say("row i")),
        Column("category", say("category"), False),
        Column("probability", say("its probability y")),
        Column("loss", say("loss -log y")),
    )
    rows: list[list[Cell]] = [
        [str(i), values["categories"][label], rounded(y, 6), significant(loss, 6)]
        for i, (label, y, loss) in enumerate(
            zip(values["labels"], values["probabilities"], values["losses"], strict=True), 1
        )
    ]
    after: tuple[Message, ...] = ()
    if step.variant == "weighted":
        after = (say("A row that counts several times is that many equal factors."),)
    return Narration(say("The likelihood of the rows"), (before,), after, (Table(heads, rows),))


def _log_likelihood(step: Any) -> Narration:
    return Narration(
        say("Its logarithm"),
        (say("The logarithm turns products into sums and brings the exponents down, as for the die:"),),
    )


def _cross_entropy(step: Any) -> Narration:
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
                die=rounded(math.exp(-values["nats_of_the_die"])),
            ),
        )
    return Narration(say("Cross-entropy"), (before,), after)


def _gradient(step: Any) -> Narration:
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
    heads = (
        Column("category", say("category"), False),
        Column("count", say("count t")),
        Column("predicted", say("sum of y over the rows")),
    )
    each = list(zip(values["categories"], values["counts"], values["predicted"], strict=True))
    rows: list[list[Cell]] = [[name, whole(count), significant(y, 10)] for name, count, y in each[:_MOST_CATEGORIES]]
    table = Table(heads, cut(rows, len(each), len(heads), JSON))
    return Narration(say("The gradient: y - t"), (before,), tuple(after), (table,))


def _maximum(step: Any) -> Narration:
    values = step.values
    if step.variant == "no-maximum":
        heads = (Column("steps", say("steps along the direction")), Column("log_likelihood", say("log L")))
        rows: list[list[Cell]] = [
            [significant(s), significant(value, 10)]
            for s, value in zip(values["steps"], values["log_likelihoods"], strict=True)
        ]
        before = say(
            "The categories can be told apart by the inputs. So there is a direction of coefficients along which no "
            "row's own category becomes less probable and some rows' more: log L only rises, towards {supremum}, and "
            "there is no maximum.",
            supremum=significant(values["supremum"], 6),
        )
        return Narration(say("No maximum"), (before,), (), (Table(heads, rows),))
    before = say(
        "log L is concave in the coefficients: between any two choices of them it never sags below the straight line. "
        "So where the gradient is zero there is no higher place anywhere."
    )
    gap = significant(values["gap"], 2)
    if values["converged"] and values["proved"]:
        after = [say("It is proved that at most {gap} nats are left to gain.", gap=gap)]
    elif values["converged"]:
        after = [say("About {gap} nats are left to gain, as far as can be estimated.", gap=gap)]
    else:
        after = [say("Training ended before it got there; about {gap} nats are left.", gap=gap)]
    if step.variant == "penalised":
        after.append(say("With the penalty it is the penalised log L that is at its maximum, and not log L itself."))
    return Narration(say("Why it is the maximum"), (before,), tuple(after))


def _two_categories(step: Any) -> Narration:
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


_NARRATORS: dict[str, Callable[[Any], Narration]] = {
    "rows": _rows,
    "logits": _logits,
    "softmax": _softmax,
    "row-likelihood": _likelihood,
    "row-log-likelihood": _log_likelihood,
    "row-cross-entropy": _cross_entropy,
    "gradient": _gradient,
    "classifier-maximum": _maximum,
    "two-categories": _two_categories,
}
