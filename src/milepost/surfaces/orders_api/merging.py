"""JSON merge patch (RFC 7396)."""

from typing import Any


def merged(target: Any, patch: Any) -> Any:
    """What `target` becomes under `patch`: objects merge, a null member is dropped, everything else replaces.

    Neither argument is changed; parts of both are shared with the result. It does not recurse: a patch may be
    as deep as the decoder lets through.
    """
    if not isinstance(patch, dict):
        return patch
    result = _copied(target)
    waiting = [(result, patch)]
    while waiting:
        into, part = waiting.pop()
        for name, value in part.items():
            if value is None:
                into.pop(name, None)
            elif isinstance(value, dict):
                into[name] = below = _copied(into.get(name))
                waiting.append((below, value))
            else:
                into[name] = value
    return result


def _copied(target: Any) -> dict[str, Any]:
    return dict(target) if isinstance(target, dict) else {}
