"""What is said of pictures: those left out, copies, and groups that look alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from mottomo.classification.pictures import SkippedPicture, TrainedPictures
from mottomo.classification.refusal import Refusal
from mottomo.messages import Message, say, say_count
from mottomo.report.numbers import percent, significant, whole
from mottomo.report.sentences import some

_MOST_NAMES = 5


def skipped(pictures: TrainedPictures | None) -> Message:
    """How many pictures were left out of a training, and why the first of them."""
    assert pictures is not None
    return left_out(pictures.skipped)


def left_out(pictures: Sequence[SkippedPicture]) -> Message:
    """How many pictures were left out, and why the first of them."""
    named = [say("{name} ({problem})", name=one.name, problem=one.problem.what) for one in pictures]
    return say_count(
        "{number} picture was left out: {names}.",
        "{number} pictures were left out: {names}.",
        len(pictures),
        number=whole(len(pictures)),
        names=some(named, _MOST_NAMES),
    )


def in_two_categories(pictures: TrainedPictures | None) -> Message:
    """Pictures with the same content and different categories."""
    assert pictures is not None
    pairs = pictures.in_two_categories
    return say_count(
        "{number} picture has the same content as one of another category: {names}.",
        "{number} pictures have the same content as one of another category: {names}.",
        len(pairs),
        number=whole(len(pairs)),
        names=some([f"{one} = {other}" for one, other in pairs], _MOST_NAMES),
    )


def copied(pictures: TrainedPictures | None) -> Message:
    """Pictures that are copies of others."""
    assert pictures is not None
    n = pictures.n_copies
    return say_count(
        "{number} picture is a copy of another one. Rows held out may be copies of rows that were learnt.",
        "{number} pictures are copies of others. Rows held out may be copies of rows that were learnt.",
        n,
        number=whole(n),
    )


def other_files(pictures: TrainedPictures | None) -> Message:
    """Files of the folder that were passed over."""
    assert pictures is not None
    return say_count(
        "{number} file of the folder was passed over: it is no picture by its name.",
        "{number} files of the folder were passed over: they are no pictures by their names.",
        pictures.n_other_files,
        number=whole(pictures.n_other_files),
    )


def alike(pictures: TrainedPictures | None) -> Iterable[Message]:
    """Groups that hold pictures which look almost alike."""
    assert pictures is not None
    for one in pictures.near_copies or ():
        pairs = say_count("{number} pair", "{number} pairs", one.n_pairs, number=whole(one.n_pairs))
        yield say(
            "The groups “{first}” and “{second}” hold pictures that look almost alike ({pairs}, such as {example}), so "
            "one that is left out is not new to a model that knows the other.",
            first=one.groups[0],
            second=one.groups[1],
            pairs=pairs,
            example=" = ".join(one.example),
        )


def given_one_of_them(names: Sequence[str]) -> Message:
    """What the probabilities of a picture are of."""
    return say("The probabilities are of {names}, given that the picture is one of these.", names=some(names))


def refusal_rule(refusal: Refusal | None) -> Message:
    """Which pictures are refused, how many of the training's own kind, and how many of anything else are missed."""
    assert refusal is not None
    if math.isinf(refusal.threshold):
        return say(
            "With {n} pictures no threshold can be stated that refuses {rate} of such pictures, so none is refused.",
            n=refusal.n,
            rate=percent(refusal.rate),
        )
    threshold = significant(refusal.threshold, 4)
    rule = {
        "learnt": say(
            "A picture is refused if its probability of being none of these is above {threshold}", threshold=threshold
        ),
        "nearest": say(
            "A picture is refused if its distance to the nearest one of the training is above {threshold}",
            threshold=threshold,
        ),
        "mass": say("A picture is refused if the other classes have more than {threshold}", threshold=threshold),
    }[refusal.kind]
    if refusal.kind == "mass":
        return say("{rule}; how often that is wrong was not measured.", rule=rule)
    groups = say("parts at random")
    if refusal.column is not None:
        groups = say("each group of “{column}”", column=refusal.column)
    kept = say(
        "{rule}, which refuses about {rate} of pictures like the {n} of the training ({groups} left out).",
        rule=rule,
        rate=percent(refusal.rate),
        n=whole(refusal.n),
        groups=groups,
    )
    if not refusal.n_others:
        return say("{rule} How many of other pictures it misses was not measured.", rule=kept)
    return say(
        "{rule} Of {n} other pictures, of kinds that it had not seen, it missed {missed}.",
        rule=kept,
        n=whole(refusal.n_others),
        missed=percent(round(refusal.missed, 3)),
    )
