"""From a method and a path to an endpoint.

Literal segments win over `{parameters}` of the same method, so `POST /orders/status-bulk` and
`GET /orders/{order_id}` live beside each other; a path that only other methods know names them.
"""

from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from msgspec import Struct


class Routed(Protocol):
    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...


E = TypeVar("E", bound=Routed)


class Found(Struct, Generic[E], frozen=True):
    endpoint: E
    parameters: list[str]
    """The values of the path's parameters, in their order."""


class Misrouted(Exception):
    """No endpoint: an unknown path, or (`allowed` not empty) a known path with another method."""

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__("method not allowed" if allowed else "not found")
        self.allowed = allowed


class _Template(Struct, Generic[E], frozen=True):
    literals: tuple[tuple[int, str], ...]
    parameters: tuple[int, ...]
    endpoints: dict[str, E]

    def fits(self, segments: Sequence[str]) -> bool:
        return all(segments[index] == text for index, text in self.literals)


class Router(Generic[E]):
    """Endpoints by the shape of their paths: first segment and number of segments."""

    def __init__(self, endpoints: Iterable[E]) -> None:
        by_path: dict[str, dict[str, E]] = {}
        for endpoint in endpoints:
            by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
        self._shapes: dict[tuple[str, int], list[_Template[E]]] = {}
        for path, by_method in by_path.items():
            if "GET" in by_method:
                by_method["HEAD"] = by_method["GET"]
            segments = path.strip("/").split("/")
            shape = self._shapes.setdefault((segments[0], len(segments)), [])
            shape.append(_template(segments, by_method))
            shape.sort(key=lambda template: -len(template.literals))

    def find(self, method: str, segments: Sequence[str]) -> Found[E]:
        """Raises Misrouted when nothing serves this."""
        allowed: set[str] = set()
        for template in self._shapes.get((segments[0], len(segments)), ()):
            if template.fits(segments):
                endpoint = template.endpoints.get(method)
                if endpoint is not None:
                    return Found(endpoint, [segments[index] for index in template.parameters])
                allowed.update(template.endpoints)
        raise Misrouted(sorted(allowed))


def _template(segments: list[str], endpoints: dict[str, E]) -> _Template[E]:
    numbered = list(enumerate(segments))
    return _Template(
        tuple((index, text) for index, text in numbered if index and not text.startswith("{")),
        tuple(index for index, text in numbered if text.startswith("{")),
        endpoints,
    )


def below_v1(segments: list[str]) -> list[str]:
    """The path below `/v1` or `/api/v1`. A path that has a slash of these percent-encoded is below neither and
    stays whole: it names nothing."""
    at = 1 if segments[0] == "api" else 0
    return segments[at + 1 :] if segments[at] == "v1" else segments
