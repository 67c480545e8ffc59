"""Stands for coverage.py in tests, so that they need nothing but Python itself."""

__version__ = "7.0"
