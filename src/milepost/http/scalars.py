"""Single values of request bodies that read alike on every surface: strings, words, true and false."""

from typing import Any

from milepost.http.values import Kind, Schema, kind, wrong

MOST_CHARACTERS = 1000
"""Of a string for which a contract names no other limit."""
BLANKS = r"\s\x1c-\x1f\x85"
"""What `str.strip` takes away, as a class of any dialect of regular expressions; `\\s` alone is less in some."""
NOT_BLANK = f"[^{BLANKS}]"


def text(at_most: int = MOST_CHARACTERS, *, at_least: int = 0, filled: bool = False) -> Kind:
    """A string, kept verbatim, without U+0000, which no database text holds. `filled`: not empty and not only
    blanks."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise wrong("wrong_type", "must be a string")
        if len(value) > at_most:
            raise wrong("too_long", f"has at most {at_most} characters")
        if "\0" in value:
            raise wrong("invalid_characters", "must not contain U+0000")
        if len(value) < at_least:
            raise wrong("too_short", f"has at least {at_least} characters" if value else "must not be empty")
        if filled and not value.strip():
            raise wrong("too_short", "must not be blank")
        return value

    schema: Schema = {"type": "string", "maxLength": at_most}
    if filled:
        return kind(read, {**schema, "minLength": 1, "pattern": NOT_BLANK})
    return kind(read, {**schema, "minLength": at_least} if at_least else schema)


def choice(*words: str) -> Kind:
    """One of the words; letter case counts."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise wrong("wrong_type", "must be a string")
        if value not in words:
            raise wrong("invalid_value", f"must be one of {', '.join(words)}")
        return value

    return kind(read, {"type": "string", "enum": list(words)})


def flag() -> Kind:
    """true or false."""

    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise wrong("wrong_type", "must be true or false")
        return value

    return kind(read, {"type": "boolean"})
