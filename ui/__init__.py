"""Philo's web page. It reaches the service over HTTP only."""

from pathlib import Path

PAGE = Path(__file__).with_name("app.py")
