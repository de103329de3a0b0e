"""mottomo: from categorical outcomes to trustworthy probabilities, by maximum likelihood (最尤推定).

>>> import mottomo as mo
>>> mo.estimate([2, 5, 2, 4, 2, 5]).probabilities.tolist()
[0.1, 0.25, 0.1, 0.2, 0.1, 0.25]
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # as typing has it, which takes a third of the time of a bare import

# Public names in the order of the flow, each with the module that defines it: imported when first used.
_HOME = {
    "tally": "workflows.tallying",
    "estimate": "workflows.estimation",
    "test": "workflows.testing",
    "plan": "workflows.planning",
    "compare": "workflows.comparison",
    "explain": "workflows.explanation",
    "simulate": "workflows.simulation",
    "train": "workflows.training",
    "predict": "workflows.prediction",
    "score": "workflows.scoring",
    "load_model": "workflows.models",
    "zero_shot": "workflows.zero_shot",
    "Tally": "tallies",
    "Categories": "categories",
    "likelihood": "likelihoods",
    "log_likelihood": "likelihoods",
    "log_multinomial_coefficient": "likelihoods",
    "impossible_categories": "likelihoods",
    "log_likelihood_gradient": "likelihoods",
    "hessian": "likelihoods",
    "tangent_hessian": "likelihoods",
    "fisher_information": "likelihoods",
    "entropy": "likelihoods",
    "cross_entropy": "likelihoods",
    "kl_divergence": "likelihoods",
    "deviance": "likelihoods",
    "perplexity": "likelihoods",
    "bits": "likelihoods",
    "softmax": "likelihoods",
    "Estimate": "inference.estimation",
    "estimate_partly_seen": "inference.partly_seen",
    "PartlySeenEstimate": "inference.partly_seen",
    "ClopperPearson": "inference.intervals",
    "Goodman": "inference.intervals",
    "SisonGlaz": "inference.sison_glaz",
    "Wilson": "inference.intervals",
    "ProfileLikelihood": "inference.intervals",
    "JointRegion": "inference.joint_region",
    "coverage": "inference.coverage",
    "goodness_of_fit": "inference.goodness_of_fit",
    "TestResult": "inference.goodness_of_fit",
    "GroupTests": "inference.group_tests",
    "Auto": "inference.methods",
    "Exact": "inference.methods",
    "MonteCarlo": "inference.methods",
    "Asymptotic": "inference.methods",
    "homogeneity": "inference.homogeneity",
    "independence": "inference.homogeneity",
    "ComparisonResult": "inference.homogeneity",
    "exchangeability": "inference.exchangeability",
    "ExchangeabilityResult": "inference.exchangeability",
    "power": "inference.planning",
    "sample_size": "inference.planning",
    "Plan": "inference.planning",
    "SoftmaxRegression": "classification.softmax_regression",
    "TrainingResult": "classification.training_result",
    "NetworkResult": "classification.network_result",
    "Predictions": "classification.predictions",
    "Score": "classification.score",
    "L2": "classification.penalties",
    "Firth": "classification.penalties",
    "compare_models": "classification.model_comparison",
    "ModelComparison": "classification.model_comparison",
    "Explanation": "explanation.explain",
    "ClassifierExplanation": "explanation.classifier",
    "Statistic": "inference.statistics",
    "MottomoError": "errors",
    "InvalidInput": "errors",
    "InvalidCall": "errors",
    "SourceError": "errors",
    "MissingExtra": "errors",
    "NoMaximum": "errors",
    "NotConverged": "errors",
    "NotDetermined": "errors",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(f"mottomo.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name == "__version__":
        from mottomo._version import VERSION

        return VERSION
    import difflib

    near = difflib.get_close_matches(name, _HOME, n=1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    raise AttributeError(f"module 'mottomo' has no attribute {name!r}{meant}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])


def _load_report() -> Any:
    """The layer that words results, which know it by this function alone."""
    from mottomo import report

    return report


def _load_storage() -> Any:
    """The layer that keeps models in files, which they know by this function alone."""
    from mottomo.storage import model_file

    return model_file


if TYPE_CHECKING:
    from typing import Any

    from mottomo.categories import Categories as Categories
    from mottomo.classification.model_comparison import ModelComparison as ModelComparison
    from mottomo.classification.model_comparison import compare_models as compare_models
    from mottomo.classification.network_result import NetworkResult as NetworkResult
    from mottomo.classification.penalties import L2 as L2
    from mottomo.classification.penalties import Firth as Firth
    from mottomo.classification.predictions import Predictions as Predictions
    from mottomo.classification.score import Score as Score
    from mottomo.classification.softmax_regression import SoftmaxRegression as SoftmaxRegression
    from mottomo.classification.training_result import TrainingResult as TrainingResult
    from mottomo.errors import InvalidCall as InvalidCall
    from mottomo.errors import InvalidInput as InvalidInput
    from mottomo.errors import MissingExtra as MissingExtra
    from mottomo.errors import MottomoError as MottomoError
    from mottomo.errors import NoMaximum as NoMaximum
    from mottomo.errors import NotConverged as NotConverged
    from mottomo.errors import NotDetermined as NotDetermined
    from mottomo.errors import SourceError as SourceError
    from mottomo.explanation.classifier import ClassifierExplanation as ClassifierExplanation
    from mottomo.explanation.explain import Explanation as Explanation
    from mottomo.inference.coverage import coverage as coverage
    from mottomo.inference.estimation import Estimate as Estimate
    from mottomo.inference.exchangeability import ExchangeabilityResult as ExchangeabilityResult
    from mottomo.inference.exchangeability import exchangeability as exchangeability
    from mottomo.inference.goodness_of_fit import TestResult as TestResult
    from mottomo.inference.goodness_of_fit import goodness_of_fit as goodness_of_fit
    from mottomo.inference.group_tests import GroupTests as GroupTests
    from mottomo.inference.homogeneity import ComparisonResult as ComparisonResult
    from mottomo.inference.homogeneity import homogeneity as homogeneity
    from mottomo.inference.homogeneity import independence as independence
    from mottomo.inference.intervals import ClopperPearson as ClopperPearson
    from mottomo.inference.intervals import Goodman as Goodman
    from mottomo.inference.intervals import ProfileLikelihood as ProfileLikelihood
    from mottomo.inference.intervals import Wilson as Wilson
    from mottomo.inference.joint_region import JointRegion as JointRegion
    from mottomo.inference.methods import Asymptotic as Asymptotic
    from mottomo.inference.methods import Auto as Auto
    from mottomo.inference.methods import Exact as Exact
    from mottomo.inference.methods import MonteCarlo as MonteCarlo
    from mottomo.inference.partly_seen import PartlySeenEstimate as PartlySeenEstimate
    from mottomo.inference.partly_seen import estimate_partly_seen as estimate_partly_seen
    from mottomo.inference.planning import Plan as Plan
    from mottomo.inference.planning import power as power
    from mottomo.inference.planning import sample_size as sample_size
    from mottomo.inference.sison_glaz import SisonGlaz as SisonGlaz
    from mottomo.inference.statistics import Statistic as Statistic
    from mottomo.likelihoods import bits as bits
    from mottomo.likelihoods import cross_entropy as cross_entropy
    from mottomo.likelihoods import deviance as deviance
    from mottomo.likelihoods import entropy as entropy
    from mottomo.likelihoods import fisher_information as fisher_information
    from mottomo.likelihoods import hessian as hessian
    from mottomo.likelihoods import impossible_categories as impossible_categories
    from mottomo.likelihoods import kl_divergence as kl_divergence
    from mottomo.likelihoods import likelihood as likelihood
    from mottomo.likelihoods import log_likelihood as log_likelihood
    from mottomo.likelihoods import log_likelihood_gradient as log_likelihood_gradient
    from mottomo.likelihoods import log_multinomial_coefficient as log_multinomial_coefficient
    from mottomo.likelihoods import perplexity as perplexity
    from mottomo.likelihoods import softmax as softmax
    from mottomo.likelihoods import tangent_hessian as tangent_hessian
    from mottomo.tallies import Tally as Tally
    from mottomo.workflows.comparison import compare as compare
    from mottomo.workflows.estimation import estimate as estimate
    from mottomo.workflows.explanation import explain as explain
    from mottomo.workflows.models import load_model as load_model
    from mottomo.workflows.planning import plan as plan
    from mottomo.workflows.prediction import predict as predict
    from mottomo.workflows.scoring import score as score
    from mottomo.workflows.simulation import simulate as simulate
    from mottomo.workflows.tallying import tally as tally
    from mottomo.workflows.testing import test as test
    from mottomo.workflows.training import train as train
    from mottomo.workflows.zero_shot import zero_shot as zero_shot
