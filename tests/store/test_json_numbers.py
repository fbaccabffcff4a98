"""Numbers in jsonb come back with the digits they were sent with (Orders API, section 4)."""

from decimal import Decimal

import pytest

SENT = {
    "scale": Decimal("1.10"),
    "whole": 7,
    "large": 123456789012345678901234567890,
    "long": Decimal("12345678901234567890.0123456789"),
    "nested": [{"a": [Decimal("0.30")]}],
}


async def test_jsonb_keeps_scale_and_digits(pool):
    row = await pool.fetchrow("select $1::jsonb as value, $1::jsonb::text as text", SENT)
    assert row["value"] == SENT
    assert str(row["value"]["scale"]) == "1.10"
    assert type(row["value"]["whole"]) is int
    assert '"scale": 1.10' in row["text"]
    assert '"long": 12345678901234567890.0123456789' in row["text"]
    again = await pool.fetchrow("select $1::jsonb::text as text", row["value"])
    assert again["text"] == row["text"]


@pytest.mark.parametrize(("text", "number"), [("1e5", Decimal(100000)), ("0.0000001", Decimal("1E-7"))])
async def test_exponents_are_numbers_like_others(pool, text, number):
    row = await pool.fetchrow("select $1::text::jsonb as value", text)
    assert row["value"] == number
