"""The plain values that answers and events are made of (sections 3 and 4), as OpenAPI describes them.

Moments and days are written in one form in answers and in another one in events: here they only say what they are
(`x-form`), and `forms.py` says how each form writes them.
"""

from typing import Annotated, Any

from msgspec import Meta

ID_PATTERN = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
DECIMAL_PATTERN = r"^\d{1,20}(\.\d{1,10})?$"

Id = Annotated[str, Meta(pattern=ID_PATTERN)]
Instant = Annotated[str, Meta(extra_json_schema={"x-form": "instant"})]
Day = Annotated[str, Meta(extra_json_schema={"x-form": "day"})]
PlainDay = Annotated[str, Meta(extra_json_schema={"format": "date"})]
"""A day that events write without a time: one that this surface's own documents do not show."""
Decimal = Annotated[
    str, Meta(pattern=DECIMAL_PATTERN, description="A decimal that keeps the scale it was sent with.")
]
Slug = Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}$", description="Unique in the team; lists sort by it.")]
Count = Annotated[int, Meta(ge=0)]
Number = Annotated[int, Meta(ge=1)]
Color = Annotated[str, Meta(pattern="^#[0-9A-Fa-f]{6}$", description="`#` and six hex digits.")]
OpenObject = Annotated[dict[str, Any] | None, Meta(description="Kept and shown verbatim.")]
CustomData = Annotated[
    dict[str, Any] | None, Meta(description="Your own object; it is shown exactly as it was stored.")
]
Secret = Annotated[
    str,
    Meta(
        pattern="^whsec_[A-Za-z0-9+/]{43}=$",
        description="Signs what is sent; told here and never again. `whsec_` and 32 bytes in base64.",
    ),
]
SelfLink = Annotated[str, Meta(pattern="^/orders/", description="Where a GET shows it.")]
