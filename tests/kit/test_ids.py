"""kit.ids: UUIDv7, its ULID spelling, and what counts as an id."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.kit import ids
from milepost.kit.ids import new_id, parse_id, ulid

STATUS_API = ("019df1ae-f7c8-7a41-9c2e-5b70d3f81e64", "01KQRTXXY8F90SRBJVE39ZG7K4")
MILESTONES_API = ("01a3703b-00a0-7c42-a6d5-3b1e9f704c10", "01MDR3P050FH1ADN9V3TFQ0K0G")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("identifier", "spelling"), [STATUS_API, MILESTONES_API])
def test_the_contracts_pairs_name_one_thing(identifier: str, spelling: str) -> None:
    """Status API section 5 (S-14), Milestones API section 3."""
    assert ulid(identifier) == spelling
    for text in (identifier, identifier.upper(), spelling, spelling.lower(), spelling.capitalize()):
        assert parse_id(text) == identifier


@given(st.integers(0, 2**128 - 1))
def test_every_value_goes_there_and_back(value: int) -> None:
    identifier = str(uuid.UUID(int=value))
    spelling = ulid(identifier)
    assert len(spelling) == 26
    assert set(spelling) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert parse_id(spelling) == parse_id(spelling.lower()) == parse_id(identifier) == identifier


@given(st.lists(st.integers(0, 2**128 - 1), min_size=2, max_size=5))
def test_ulids_sort_like_their_uuids(values: list[int]) -> None:
    identifiers = [str(uuid.UUID(int=value)) for value in values]
    assert sorted(identifiers) == sorted(identifiers, key=ulid)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not-an-id",
        "019df1ae-f7c8-7a41-9c2e-5b70d3f81e6",
        "019df1ae-f7c8-7a41-9c2e-5b70d3f81e644",
        "019df1aef7c87a419c2e5b70d3f81e64",
        "{019df1ae-f7c8-7a41-9c2e-5b70d3f81e64}",
        "019df1ae-f7c8-7a41-9c2e-5b70d3f81e6g",
        "019df1ae-f7c8-7a41-9c2e_5b70d3f81e64",
        "019df1aef-7c8-7a41-9c2e-5b70d3f81e64",
        "019df1ae-f7c8-7a41-9c2e-5b70d3f81e6\n",
        "019df1ae-f7c8-7a41-9c2e-5b70d3f81e6\x00",
        "019df1ae-f7c8-7a41-9c2e-5b70d3f81e6\u0664",  # an Arabic digit
        "81KQRTXXY8F90SRBJVE39ZG7K4",  # 130 bits
        "01KQRTXXY8F90SRBJVE39ZG7K",
        "01KQRTXXY8F90SRBJVE39ZG7K44",
        "01KQRTXXY8F90SRBJVE39ZG7KI",  # I, L, O and U are no Crockford digits
        "01KQRTXXY8F90SRBJVE39ZG7KL",
        "01KQRTXXY8F90SRBJVE39ZG7KO",
        "01KQRTXXY8F90SRBJVE39ZG7KU",
        "01KQRTXXY8F90\u017fRBJVE39ZG7K4",  # a long s, whose upper case is S
        "01KQRTXXY8F90SRBJVE39ZG7K\x00",
        None,
        7730412,
        b"019df1ae-f7c8-7a41-9c2e-5b70d3f81e64",
        ["019df1ae-f7c8-7a41-9c2e-5b70d3f81e64"],
    ],
)
def test_what_spells_no_id(text: object) -> None:
    """Status API section 5: an unknown id, never an error (S-15)."""
    assert parse_id(text) is None


@given(st.text(min_size=26, max_size=26) | st.text(min_size=36, max_size=36))
def test_any_text_is_read_or_not_but_never_an_error(text: str) -> None:
    identifier = parse_id(text)
    assert identifier is None or text.lower() in (identifier, ulid(identifier).lower())


def test_a_new_id_is_a_uuid_of_version_7_dated_now() -> None:
    before = datetime.now(UTC)
    identifier = new_id()
    after = datetime.now(UTC)
    value = uuid.UUID(identifier)
    assert str(value) == identifier == parse_id(identifier)
    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    dated = EPOCH + timedelta(milliseconds=value.int >> 80)
    # Ids of one process step ahead of the clock when made faster than it ticks.
    assert before - timedelta(milliseconds=1) <= dated <= after + timedelta(milliseconds=100)


def test_ids_of_one_process_rise_strictly() -> None:
    made = [new_id() for _ in range(20_000)]
    assert all(earlier < later for earlier, later in pairwise(made))
    spelled = [ulid(identifier) for identifier in made]
    assert spelled == sorted(spelled)


def test_ids_rise_while_the_clock_stands_still_or_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """More ids than one millisecond has steps, then a clock that was set back by an hour."""
    monkeypatch.setattr(ids, "_last", 0)
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now)
    made = [new_id() for _ in range(5_000)]
    monkeypatch.setattr(time, "time_ns", lambda: now - 3_600 * 10**9)
    made += [new_id() for _ in range(100)]
    assert all(earlier < later for earlier, later in pairwise(made))
    assert all(uuid.UUID(identifier).version == 7 for identifier in made)


def test_ids_of_several_threads_differ_and_rise_in_each() -> None:
    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda _: [new_id() for _ in range(2_000)], range(4)))
    assert all(batch == sorted(batch) for batch in batches)
    ticks = {identifier[:18] for batch in batches for identifier in batch}
    assert len(ticks) == 8_000, "two ids share a moment"


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_dated_id_carries_its_date_to_the_millisecond(at: datetime) -> None:
    value = uuid.UUID(new_id(at))
    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert value.int >> 80 == (at - EPOCH) // timedelta(milliseconds=1)


def test_dated_ids_sort_by_date_and_differ() -> None:
    at = datetime(2026, 5, 4, 6, 31, 9, tzinfo=UTC)
    assert len({new_id(at) for _ in range(1_000)}) == 1_000
    assert new_id(at) < new_id(at + timedelta(milliseconds=1))


def test_a_date_before_1970_still_makes_an_id() -> None:
    """An import can claim anything."""
    identifier = new_id(datetime(1969, 7, 20, tzinfo=UTC))
    assert parse_id(identifier) == identifier
    assert identifier.startswith("00000000-0000-7")
