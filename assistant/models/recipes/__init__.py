"""How the files of a package become a model that Philo runs: one module a model.

Each is run by the depot as `python -m assistant.models.recipes.<name> SOURCE TARGET`, so that
the libraries which read checkpoints never enter the process that serves. A line on standard
output is progress; a non-zero exit is a failure, explained on standard error.
"""
