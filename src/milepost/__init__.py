"""Milepost: self-hosted order tracking and workflow server."""

__version__ = "0.1.0"
