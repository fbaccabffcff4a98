"""Pages of the server itself: health, the documentation of the APIs."""

from milepost.surfaces.system.app import system_app

__all__ = ["system_app"]
