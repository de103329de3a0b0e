"""What is said of any training: rows left out, rows held out, pictures and their refusal."""

from __future__ import annotations

from collections.abc import Mapping

from mottomo.classification.trained import Trained, TrainedRemark
from mottomo.report.held_out import dropped, held_out_impossible
from mottomo.report.pictures import alike, copied, in_two_categories, other_files, refusal_rule, skipped
from mottomo.report.results import Says, worded

REMARKS: Mapping[str, Says[Trained]] = worded(
    TrainedRemark,
    {
        "rows-dropped": lambda result: dropped(result.n_dropped),
        "held-out-impossible": lambda result: held_out_impossible(result.held_out),
        "pictures-skipped": lambda result: skipped(result.pictures),
        "pictures-in-two-categories": lambda result: in_two_categories(result.pictures),
        "pictures-copied": lambda result: copied(result.pictures),
        "other-files": lambda result: other_files(result.pictures),
        "groups-alike": lambda result: alike(result.pictures),
        "refusal": lambda result: refusal_rule(result.classifier.refusal),
    },
)
