"""The names of the test statistics and of the interval methods, and where each is defined.

The command line, its help and the sentences of results read these tables. To add an entry, write its class and its row
here. A module is imported only when one of its names is asked for.
"""

from __future__ import annotations

import importlib
from typing import Any

# A test statistic is a value; see ``statistics.Statistic``.
STATISTICS = {
    "likelihood-ratio": "mottomo.inference.statistics:LikelihoodRatio",
    "pearson": "mottomo.inference.statistics:Pearson",
    "probability": "mottomo.inference.statistics:Probability",
}
# An interval method is made from its confidence level; see ``intervals.IntervalMethod``. The first is the default.
INTERVALS = {
    "clopper-pearson": "mottomo.inference.intervals:ClopperPearson",
    "clopper-pearson-per-category": "mottomo.inference.intervals:clopper_pearson_per_category",
    "goodman": "mottomo.inference.intervals:Goodman",
    "sison-glaz": "mottomo.inference.sison_glaz:SisonGlaz",
    "wilson": "mottomo.inference.intervals:Wilson",
    "profile-likelihood": "mottomo.inference.intervals:ProfileLikelihood",
}


def chosen(table: dict[str, str], name: str) -> Any:
    """The class or function that a table has under a name, imported now."""
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
