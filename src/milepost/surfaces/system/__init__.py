"""Pages of the server itself: health, the documentation of the APIs."""

from milepost.surfaces.system.app import system_app
from milepost.surfaces.system.reference import Reference

__all__ = ["Reference", "system_app"]
