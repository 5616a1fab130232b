"""Gatepost: the mail gateway of a software marketplace."""

__version__ = "0.1.0"
