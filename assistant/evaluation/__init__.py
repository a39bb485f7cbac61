"""How fast and how good this installation is, measured on the machine it runs on."""

RUNS_FOLDER = "evaluation-runs"
"""Of the data directory: the figures of earlier runs."""
