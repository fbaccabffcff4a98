"""Query parameters of lists (contract, section 5), read without a server; O-35, O-37, O-38."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.http.moments import read_day, read_instant
from milepost.kit.ids import ulid
from milepost.surfaces.orders_api.parameters import Page, Query, Span, listed, unknown_cursor
from milepost.surfaces.orders_api.refusals import Refusal

A = "019df1ae-0000-7000-8000-00000000000a"
B = "019df1ae-0000-7000-8000-00000000000b"
WORDS = ("READY", "ASSIGNED")


def query(text: str) -> Query:
    sent: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        sent.setdefault(name, []).append(value)
    return Query(sent)


def faults_of(asked: Query) -> list[tuple[str | None, str]]:
    """The faulty parameters with their codes; all are of the query and have a message."""
    with pytest.raises(Refusal) as caught:
        asked.finish()
    assert caught.value.status == 400
    assert all(fault.place == "query" and fault.message for fault in caught.value.faults)
    return [(fault.field, fault.code) for fault in caught.value.faults]


def fault_of(text: str, read: Any) -> tuple[str | None, str]:
    asked = query(text)
    assert read(asked) is None
    (fault,) = faults_of(asked)
    return fault


# Paging ---------------------------------------------------------------------------------------------------


def test_without_parameters_twenty_come():
    asked = query("")
    assert asked.page() == Page(20)
    asked.finish()


@pytest.mark.parametrize(
    ("text", "most", "page"),
    [
        ("limit=1", 100, Page(1)),
        ("limit=100", 100, Page(100)),
        ("limit=050", 50, Page(50)),
        (f"starting_after={A}", 100, Page(20, starting_after=A)),
        (f"starting_after={ulid(A).lower()}", 100, Page(20, starting_after=A)),
        (f"ending_before={A.upper()}&limit=3", 100, Page(3, ending_before=A)),
    ],
)
def test_limit_and_cursors(text, most, page):
    asked = query(text)
    assert asked.page(most=most) == page
    asked.finish()


@pytest.mark.parametrize("starting_after", [A, "no-id", ""])
def test_of_two_cursors_only_ending_before_counts(starting_after):
    """O-37."""
    asked = query(f"starting_after={starting_after}&ending_before={B}")
    assert asked.page() == Page(20, ending_before=B)
    asked.finish()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("limit=0", ("limit", "out_of_range")),
        ("limit=101", ("limit", "out_of_range")),
        ("limit=-1", ("limit", "out_of_range")),
        ("limit=" + "9" * 5000, ("limit", "out_of_range")),
        ("limit=x", ("limit", "wrong_type")),
        ("limit=", ("limit", "wrong_type")),
        ("limit=1.0", ("limit", "wrong_type")),
        ("limit=%201", ("limit", "wrong_type")),
        ("limit=٣", ("limit", "wrong_type")),
        ("limit=1&limit=1", ("limit", "conflicting_parameters")),
        ("starting_after=x", ("starting_after", "invalid_id")),
        ("ending_before=", ("ending_before", "invalid_id")),
        ("page=0", ("page", "out_of_range")),
        ("page=501", ("page", "out_of_range")),
        ("page=101&limit=100", ("page", "out_of_range")),
        (f"page=1&starting_after={A}", ("page", "conflicting_parameters")),
        (f"page=1&ending_before={A}", ("page", "conflicting_parameters")),
    ],
)
def test_faults_of_paging(text, fault):
    """O-35."""
    asked = query(text)
    asked.page(numbered=True)
    assert faults_of(asked) == [fault]


def test_the_deepest_page():
    asked = query("page=100&limit=100")
    assert asked.page(numbered=True) == Page(100, number=100)
    asked.finish()


def test_a_page_is_unknown_where_lists_have_none():
    asked = query(f"page=x&starting_after={A}")
    assert asked.page() == Page(20, starting_after=A)
    asked.finish()


@pytest.mark.parametrize(
    ("page", "name"), [(Page(1, A), "starting_after"), (Page(1, None, A), "ending_before")]
)
def test_an_unknown_cursor_is_named(page, name):
    refusal = unknown_cursor(page)
    assert (refusal.status, refusal.faults[0].field, refusal.faults[0].code) == (400, name, "unknown_cursor")


# Filters --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", None),
        ("tag=a", ["a"]),
        ("tag=a,b", ["a,b"]),
        ("tag=%20a%20", [" a "]),
        ("tag.in=a", ["a"]),
        ("tag.in=b,a,b", ["b", "a"]),
        ("tag.in=" + ",".join(map(str, range(20))), [str(number) for number in range(20)]),
        ("tag.gt=a&tags=b", None),
    ],
)
def test_many_values(text, values):
    asked = query(text)
    assert asked.many("tag") == values
    asked.finish()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("tag=a&tag.in=a", ("tag.in", "conflicting_parameters")),
        ("tag=a&tag=a", ("tag", "conflicting_parameters")),
        ("tag.in=a&tag.in=b", ("tag.in", "conflicting_parameters")),
        ("tag.in=" + ",".join(map(str, range(21))), ("tag.in", "too_many")),
        ("tag.in=" + ",".join("a" * 21), ("tag.in", "too_many")),
        ("tag=", ("tag", "too_short")),
        ("tag=%20", ("tag", "too_short")),
        ("tag.in=a,,b", ("tag.in", "too_short")),
        ("tag=a%00", ("tag", "invalid_characters")),
    ],
)
def test_faults_of_many_values(text, fault):
    """O-38."""
    assert fault_of(text, lambda asked: asked.many("tag")) == fault


def test_ids_in_either_spelling():
    asked = query(f"id.in={A},{ulid(B)},{ulid(A).lower()}&order_id={ulid(B)}")
    assert asked.ids("id") == [A, B]
    assert asked.id("order_id") == B
    asked.finish()
    assert fault_of(f"id.in={A},x", lambda asked: asked.ids("id")) == ("id.in", "invalid_id")


def test_words():
    asked = query("status.in=READY,ASSIGNED&order_by=READY")
    assert asked.choices("status", WORDS) == ["READY", "ASSIGNED"]
    assert asked.choice("order_by", WORDS) == "READY"
    asked.finish()
    for text in ("ready", "", "READY ", "READY,ASSIGNED"):
        fault = fault_of(f"status={text}", lambda asked: asked.choices("status", WORDS))
        assert fault == ("status", "invalid_value")


def test_flags():
    for text, value in (("archived=true", True), ("archived=false", False), ("archived.in=true", None)):
        asked = query(text)
        assert asked.flag("archived") is value
        asked.finish()
    for text in ("True", "1", ""):
        fault = fault_of(f"archived={text}", lambda asked: asked.flag("archived"))
        assert fault == ("archived", "invalid_value")


def test_spans_of_instants():
    asked = query("at=2026-06-20&at.gt=2026-06-20T05:00:00%2B02:00&at.lte=2026-06-20T05:00:00.25&at.in=x")
    assert asked.instants("at") == Span(
        eq=datetime(2026, 6, 20, tzinfo=UTC),
        gt=datetime(2026, 6, 20, 3, tzinfo=UTC),
        lte=datetime(2026, 6, 20, 5, 0, 0, 250_000, tzinfo=UTC),
    )
    assert asked.instants("other") is None
    asked.finish()


def test_a_plus_that_an_address_made_a_blank_is_one():
    asked = query(
        "at.gte=2026-06-20T05:00:00+02:00&at.lt=2026-06-20T05:00+0130&at=2026-06-20 05:00&day=2026-06-20T01:00+01:00"
    )
    assert asked.instants("at") == Span(
        eq=datetime(2026, 6, 20, 5, tzinfo=UTC),
        gte=datetime(2026, 6, 20, 3, tzinfo=UTC),
        lt=datetime(2026, 6, 20, 3, 30, tzinfo=UTC),
    )
    assert asked.dates("day") == Span(eq=date(2026, 6, 20))
    asked.finish()


def test_spans_of_days():
    asked = query("day.gt=2026-06-20&day.lt=2026-06-22T00:00:00Z")
    assert asked.dates("day") == Span(gt=date(2026, 6, 20), lt=date(2026, 6, 22))
    asked.finish()


def test_spans_of_numbers():
    asked = query("sequence.gte=0&sequence.lt=9223372036854775807")
    assert asked.numbers("sequence") == Span(gte=0, lt=2**63 - 1)
    asked.finish()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("at=", ("at", "invalid_datetime")),
        ("at.gt=2026-13-01", ("at.gt", "invalid_datetime")),
        ("at.gt=1&at.gt=2", ("at.gt", "conflicting_parameters")),
        ("at=0001-01-01T00:00%2B01:00", ("at", "invalid_datetime")),
    ],
)
def test_faults_of_instants(text, fault):
    assert fault_of(text, lambda asked: asked.instants("at")) == fault


def test_faults_of_days_and_numbers():
    assert fault_of("day=2026-06-20T05:00:00Z", lambda asked: asked.dates("day")) == ("day", "invalid_date")
    assert fault_of("n.gt=9223372036854775808", lambda asked: asked.numbers("n")) == ("n.gt", "out_of_range")
    assert fault_of("n=-1", lambda asked: asked.numbers("n")) == ("n", "out_of_range")
    assert fault_of("n=x", lambda asked: asked.numbers("n")) == ("n", "wrong_type")


def test_all_faults_come_together():
    asked = query("limit=0&id=x&status=y&archived=z")
    asked.page()
    asked.ids("id")
    asked.choices("status", WORDS)
    asked.flag("archived")
    asked.blame("order_by", "invalid_value", "nothing is sorted so")
    assert faults_of(asked) == [
        ("limit", "out_of_range"),
        ("id", "invalid_id"),
        ("status", "invalid_value"),
        ("archived", "invalid_value"),
        ("order_by", "invalid_value"),
    ]


@given(st.text(), st.sampled_from(["", ".in", ".gt", ".lte"]))
def test_no_text_is_an_accident(text, suffix):
    asked = Query({f"x{suffix}": [text]})
    for read in (asked.many, asked.ids, asked.flag, asked.instants, asked.dates, asked.numbers, asked.one):
        read("x")
    asked.page()


# Dates and date-times -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-06-20", datetime(2026, 6, 20, tzinfo=UTC)),
        ("2026-06-20T05:00", datetime(2026, 6, 20, 5, tzinfo=UTC)),
        ("2026-06-20t05:00:07z", datetime(2026, 6, 20, 5, 0, 7, tzinfo=UTC)),
        ("2026-06-20T05:00:07,5-08", datetime(2026, 6, 20, 13, 0, 7, 500_000, tzinfo=UTC)),
        ("2026-06-20T05:00:07.123456789Z", datetime(2026, 6, 20, 5, 0, 7, 123_456, tzinfo=UTC)),
        ("2026-06-20T24:00:00Z", None),
        ("2026-02-30", None),
        ("2026-06-20T05", None),
        ("20260620T050000Z", None),
        ("2026-W25-6", None),
        ("2026-06-20T05:00:00Z\n", None),
        ("2026-06-20\n", None),
        ("0000-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("٢٠٢٦-06-20", None),
    ],
)
def test_instants(text, instant):
    assert read_instant(text) == instant


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-06-20", date(2026, 6, 20)),
        ("2026-06-20T00:00:00Z", date(2026, 6, 20)),
        ("2026-06-20T02:00:00+02:00", date(2026, 6, 20)),
        ("2026-06-20T00:00:00.000001Z", None),
        ("2026-06-20T00:00:00+02:00", None),
        ("2026-06-31", None),
        ("June", None),
    ],
)
def test_days(text, day):
    """O-13."""
    assert read_day(text) == day


# What comes next ------------------------------------------------------------------------------------------


def next_of(query_string: str, page: Page, *ids: str, has_more: bool = True) -> str | None:
    call: Any = SimpleNamespace(target="/orders", query_string=query_string)
    data = [{"id": name} for name in ids]
    answer = listed(call, page, data, has_more)
    assert answer == {"data": data, "has_more": has_more, "next": answer["next"]}
    return answer["next"]


def test_next_keeps_what_was_sent():
    """The example of section 9.2."""
    sent = "status.in=READY,ASSIGNED&tag=summer-shelf&order_by=-updated_at&limit=1"
    assert next_of(sent, Page(1), "X", "Y") == f"/orders?{sent}&starting_after=Y"


def test_next_replaces_the_place():
    assert next_of("starting_after=A&limit=2", Page(2, "A"), "X", "Y") == "/orders?limit=2&starting_after=Y"
    assert next_of("x=1&ending%5Fbefore=A", Page(2, None, "A"), "X", "Y") == "/orders?x=1&ending_before=X"
    assert next_of("page=3&x=%00", Page(2, number=3), "X") == "/orders?x=%00&starting_after=X"
    assert next_of("", Page(20), "X") == "/orders?starting_after=X"


def test_both_cursors_give_way():
    sent = "starting_after=A&ending_before=B"
    assert next_of(sent, Page(20, None, "B"), "X") == "/orders?ending_before=X"


def test_where_nothing_follows():
    assert next_of("limit=1", Page(1), "X", has_more=False) is None
    assert next_of("limit=1", Page(1), has_more=False) is None
