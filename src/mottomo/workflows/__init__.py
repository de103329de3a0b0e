"""Joins a source with the mathematics: one call from data, wherever they are, to an answer. The fold lives here."""

from mottomo.workflows.tallying import count_path as count_path
from mottomo.workflows.tallying import odds_of as odds_of
from mottomo.workflows.tallying import probabilities_of as probabilities_of
from mottomo.workflows.tallying import tally as tally
from mottomo.workflows.tallying import tally_of_rows as tally_of_rows
