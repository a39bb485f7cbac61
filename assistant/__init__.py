"""Philo's assistant: finding, answering and checking over an organisation's documents."""

from assistant.offline import forbid_telemetry

forbid_telemetry()
