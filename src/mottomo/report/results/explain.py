"""What a derivation says: for each step a title, what is done and why, and what the numbers say."""

from __future__ import annotations

from collections.abc import Callable

from mottomo.explanation.explain import Explanation, ExplanationRemark, ExplanationVerdict
from mottomo.explanation.steps import Step
from mottomo.messages import say, say_count, verbatim
from mottomo.report.narration import Narration, explained, failed, told
from mottomo.report.numbers import rounded, whole
from mottomo.report.report import ALL_DIGITS, Body, Cells, Column, Named, Table
from mottomo.report.results import Words, about, tallies, worded
from mottomo.report.results.estimation import DISCOVERED, NO_OBSERVATIONS
from mottomo.tallies import Tally


def _body(explanation: Explanation) -> Body:
    title = say("From outcomes to probabilities, by maximum likelihood")
    return told(title, explanation.steps, lambda step: _NARRATORS[step.name](step, explanation.tally))


def _events(step: Step, tally: Tally) -> Narration:
    n_categories = step.values["n_categories"]
    told = say("{number} outcomes can happen; they are numbered k = 1, …, {number}.", number=whole(n_categories))
    if n_categories == 1:
        told = say("A single outcome can happen; it has the number k = 1.")
    return Narration(say("Events"), (told,), tables=(_event_table(tally, with_counts=False),))


def _event_table(tally: Tally, with_counts: bool) -> Table:
    columns: list[tuple[Column, Cells]] = [
        (Column("k", say("event k"), "count"), range(1, tally.n_categories + 1)),
        (tallies.CATEGORY, tally.categories.names),
        (Column("y", say("probability y"), "formula"), lambda row: f"y_{row + 1}"),
    ]
    if with_counts:
        columns += [(tallies.COUNT, tally.counts), (Column("share", say("share t/n"), "share"), tally.shares)]
    return Table.of(tally.n_categories, *columns)


def _constraint(step: Step, tally: Tally) -> Narration:
    return Narration(
        say("The probabilities sum to 1"),
        (say("Event k has an unknown probability y_k. One of the events happens at every throw, so:"),),
    )


def _tally(step: Step, tally: Tally) -> Narration:
    told = say_count(
        "{number} throw was made; t_k says how often event k came.",
        "{number} throws were made; t_k says how often event k came.",
        step.values["n"],
        number=whole(step.values["n"]),
    )
    if step.values["n"] == 0:
        told = say("No throw was made yet, so every count t_k is 0.")
    return Narration(say("The tally"), (told,), tables=(_event_table(tally, with_counts=True),))


def _product(step: Step, tally: Tally) -> Narration:
    if step.variant == "no-observations":
        sentence = say("A product without factors is 1, whatever the probabilities are:")
    elif step.variant == "one-throw":
        sentence = say("With one throw the probability of what happened is that one y:")
    else:
        sentence = say(
            "The throws are independent: none changes the next. So the probability of this sequence of {number} throws "
            "is the product of one factor a throw (sorted by event, because the order does not change a product):",
            number=whole(step.values["n_factors"]),
        )
    return Narration(say("The probability of what happened"), (sentence,))


def _powers(step: Step, tally: Tally) -> Narration:
    after = []
    if step.variant == "zero-counts":
        after.append(
            say("An event that never came has exponent 0 and contributes the factor 1, even where y is 0: 0^0 = 1.")
        )
    before = say(
        "Equal factors are written as powers. Seen as a function of the probabilities, this is the likelihood L."
    )
    if step.variant == "no-observations":
        return Narration(say("Powers: the likelihood"), (before,))
    return Narration(
        say("Powers: the likelihood"),
        (before, say("The last line puts in y = t/n, which will turn out to be best.")),
        tuple(after),
    )


def _product_sign(step: Step, tally: Tally) -> Narration:
    sentence = say("The same with the sign for products, which does for × what Σ does for +.")
    if step.variant in ("no-observations", "one-category"):
        return Narration(say("One product sign"), (sentence,))
    return Narration(
        say("One product sign"),
        (sentence, say("For comparison, the likelihood if all events had the same probability:")),
    )


def _question(step: Step, tally: Tally) -> Narration:
    title = say("The question")
    if step.variant == "no-observations":
        return Narration(
            title,
            (),
            (
                say(
                    "Without throws every choice of probabilities explains the data equally well: there is "
                    "nothing to maximise yet."
                ),
            ),
        )
    before = [
        say(
            "Which probabilities y explain these throws best? Those that make L largest: the "
            "maximum likelihood estimate."
        )
    ]
    if step.variant == "one-category":
        return Narration(title, (*before, say("With one event there is no choice: its probability is 1.")))
    values = step.values
    candidates = (
        (Named("fair", say("all events alike")), values["log_likelihood_fair"]),
        (Named("halfway", say("halfway between")), values["log_likelihood_halfway"]),
        (Named("estimate", say("relative frequencies t/n")), values["log_likelihood_estimate"]),
    )
    table = Table.of(
        len(candidates),
        (Column("candidate", say("candidate y"), "label"), [name for name, _ in candidates]),
        (Column("log_likelihood", say("log L"), digits=ALL_DIGITS), [value for _, value in candidates]),
    )
    return Narration(title, (*before, say("Three candidates, compared by log L, which grows with L:")), (), (table,))


def _why_log(step: Step, tally: Tally) -> Narration:
    fair, own = step.values["underflow_throw_fair"], step.values["underflow_throw_estimate"]
    before = [
        say(
            "A product is hard to differentiate, and a computer soon takes it for 0: below the "
            "smallest positive float64 there is nothing."
        )
    ]
    after = []
    if fair is not None:
        after.append(
            say(
                "For equally likely events, from throw {throw} on the running product is exactly 0.0.",
                throw=whole(fair),
            )
        )
    if own is not None:
        after.append(
            say(
                "With the probabilities t/n of these data, their factors repeated in the order of the "
                "events, from throw "
                "{throw} on it is 0.0. The logarithm has no such end.",
                throw=whole(own),
            )
        )
    elif step.variant == "late":
        after.append(
            say(
                "With the probabilities t/n of these data, their factors repeated in the order of the "
                "events, it is still "
                "positive after {factors} factors.",
                factors=whole(step.values["factors_tried"]),
            )
        )
    elif step.variant == "stays-one":
        after.append(say("The estimate of these data makes every factor 1, so its product stays 1."))
    else:
        after.append(say("With a single event every factor is 1, and there is nothing to fear."))
    return Narration(say("Why the logarithm"), tuple(before), tuple(after))


def _log_rules(step: Step, tally: Tally) -> Narration:
    after = []
    if step.variant == "zero-counts":
        after.append(say("An event that never came adds nothing: 0 log 0 counts as 0."))
    return Narration(
        say("Two rules of logarithms"),
        (
            say(
                "Rule ①, log ab = log a + log b, turns the product into a sum; rule ②, log a^b = b log a, brings the "
                "exponents down. The last line puts in y = t/n; logarithms are natural."
            ),
        ),
        tuple(after),
    )


def _log_likelihood(step: Step, tally: Tally) -> Narration:
    return Narration(
        say("The log-likelihood"),
        (
            say(
                "With the sum sign this is the log-likelihood; the second line is its value for y = t/n. The number of "
                "throws has not been lost: it is the sum of the counts."
            ),
        ),
    )


def _lagrange(step: Step, tally: Tally) -> Narration:
    before = [
        say(
            "The slope of a curve is its derivative, and at the top of a hill it is 0. Here the "
            "y_k cannot move freely: their "
            "sum stays 1, and what one gains another loses. So at the maximum it is the differences between the slopes "
            "that are 0: for all events that came, the slope ∂ log L/∂y_k = t_k/y_k is the same number λ, Lagrange's "
            "multiplier (the derivative of log L - λ (Σ y_k - 1) is 0)."
        )
    ]
    after = [
        say(
            "Summing y_k = t_k/λ over these events gives 1 = n/λ, so λ is the number of throws, "
            "and the estimate is the "
            "relative frequency."
        )
    ]
    if step.variant == "zero-counts":
        after.append(
            say(
                "For an event that never came, log L does not contain y_k at all; any share given to "
                "it is taken from the "
                "others at the price n per unit, so its best value is the boundary, 0."
            )
        )
    if step.variant == "one-category":
        after.append(say("With one event this only confirms the constraint."))
    return Narration(say("The maximum"), tuple(before), tuple(after))


def _second_derivative(step: Step, tally: Tally) -> Narration:
    before = [
        say(
            "Where the slope along the constraint is 0, there could be a maximum or a minimum; the second derivative "
            "decides. It is negative for every event that came:"
        )
    ]
    after = []
    eigenvalues = step.values.get("eigenvalues")
    if eigenvalues:
        after.append(
            say(
                "Along the directions that keep the sum at 1 its eigenvalues are {values}: all negative, a maximum.",
                values=[verbatim(rounded(value, 6)) for value in eigenvalues],
            )
        )
    after.append(
        say(
            "No calculus is needed to see that it is the highest of all: for any other y, log L "
            "falls short of the maximum by "
            "n KL(t/n‖y), and the divergence KL is never negative. The last lines show it for equally likely events."
        )
    )
    return Narration(say("Why it is a maximum"), tuple(before), tuple(after))


def _cross_entropy(step: Step, tally: Tally) -> Narration:
    before = [
        say(
            "Divided by -n, the log-likelihood is the cross-entropy of the predicted y under the "
            "observed shares t/n: the loss of machine learning, here at its smallest value, the "
            "entropy H(t/n)."
        )
    ]
    after = [
        say(
            "The lines give it in nats, in bits, and as a perplexity: the number of equally likely "
            "events that would be as hard to predict."
        ),
        say("Predicting equally likely events instead costs KL more for each throw: H + KL."),
    ]
    if step.variant == "certain":
        after.append(say("Here it is 0: the estimate was never surprised."))
    return Narration(say("Cross-entropy"), tuple(before), tuple(after))


def _one_hot(step: Step, tally: Tally) -> Narration:
    before = [
        say(
            "Classification is the same task: an image is dog with probability 0.8, fox 0.1, wolf 0.1, and one of them "
            "is true. So each throw i is written as a row t_i1, …, t_iK of zeros with a single 1 "
            "(one-hot). Summing its "
            "loss, -log of the probability of what happened, over all rows gives the same number:"
        )
    ]
    after = [
        say(
            "A classifier gets its probabilities from real numbers z (logits) by y_k = exp(z_k)/Σ "
            "exp(z_j), the softmax. "
            "The slope of log L with respect to z_k is t_k - n y_k, and at the estimate it is 0. With inputs, training "
            "solves the same equation, each row's t_ik - y_ik weighted with its inputs."
        )
    ]
    if step.variant == "two-categories":
        after.append(
            say(
                "With two events y_2 = 1 - y_1, and the sum becomes the two-term formula of logistic "
                "regression (last line)."
            )
        )
    return Narration(say("Throw by throw: one-hot rows"), tuple(before), tuple(after))


_NARRATORS: dict[str, Callable[[Step, Tally], Narration]] = {
    "events": _events,
    "constraint": _constraint,
    "tally": _tally,
    "product": _product,
    "powers": _powers,
    "product-sign": _product_sign,
    "question": _question,
    "why-log": _why_log,
    "log-rules": _log_rules,
    "log-likelihood": _log_likelihood,
    "lagrange": _lagrange,
    "second-derivative": _second_derivative,
    "cross-entropy": _cross_entropy,
    "one-hot": _one_hot,
}


WORDS = Words[Explanation](
    "explain",
    _body,
    worded(
        ExplanationVerdict,
        {
            "explained": lambda explanation: explained(explanation.steps),
            "explanation-fails": lambda explanation: failed(explanation.failed),
            "no-observations": lambda explanation: NO_OBSERVATIONS,
        },
    ),
    worded(
        ExplanationRemark,
        {
            **about(lambda explanation: explanation.tally, tallies.REMARKS),
            "categories-discovered": lambda explanation: DISCOVERED,
        },
    ),
)
