"""The versions of the Status API for people, from the release notes that execute (versions/)."""

from collections.abc import Iterator

from milepost.http.releases import Release
from milepost.surfaces.status_api.endpoints import endpoints
from milepost.surfaces.status_api.versions import RELEASES

_INTRODUCTION = """
# Versions of the Status API

Ask for one with the header `X-API-Version`. Without it the version that is pinned on the key answers, else
the server's default (`MILEPOST_DEFAULT_API_VERSION`). A version that is released never changes; each holds
all of the versions before it. `openapi/` has the OpenAPI file of each, served as `/openapi/status-1.N.json`.
Documents are named here as they are there.
""".strip()

_OPERATIONS = {each.operation: f"{each.method} /v1/{each.path}" for each in endpoints(1)}


def changelog() -> str:
    """The page as Markdown, newest version first."""
    parts = [_INTRODUCTION]
    for release in reversed(RELEASES.all):
        parts += [f"## {release.version}", release.note]
        if added := "\n".join(_added(release)):
            parts.append(added)
    return "\n\n".join(parts) + "\n"


def _added(release: Release) -> Iterator[str]:
    for operation in release.operations:
        yield f"- New: `{_OPERATIONS[operation]}`"
    for operation, names in release.parameters.items():
        yield f"- `{_OPERATIONS[operation]}` takes {_listed(names)}"
    for document, names in release.fields.items():
        yield f"- `{document}` has {_listed(names)}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
