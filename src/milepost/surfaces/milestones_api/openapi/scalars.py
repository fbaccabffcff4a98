"""The plain values that answers are made of (section 3), as OpenAPI describes them."""

from typing import Annotated

from msgspec import Meta

ID_PATTERN = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
MOMENT_PATTERN = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"

Id = Annotated[str, Meta(pattern=ID_PATTERN)]
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
Moment = Annotated[str, Meta(pattern=MOMENT_PATTERN, extra_json_schema={"format": "date-time"})]
Number = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]
Quantity = Annotated[float, Meta(ge=0, description="Whole numbers have no fraction.")]
Micros = Annotated[
    int, Meta(ge=0, description="Millionths of the currency unit: 6150000 is 6.15 in the order's currency.")
]
Address = Annotated[str | None, Meta(description="The supplier's address.")]
