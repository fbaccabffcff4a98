"""Request bodies (section 3): how they are wrapped, and how ids, dates, money and quantities are read."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.http.scalars import text
from milepost.http.values import Kind, Wrong, list_of, members, optional, required, wrong
from milepost.kit.ids import ulid
from milepost.surfaces.milestones_api.refusals import Refusal
from milepost.surfaces.milestones_api.values import (
    LARGEST_MICROS,
    day,
    days_by_id,
    micros,
    own_id,
    quantity,
    read_wish,
    spelled,
)
from tests.surfaces.milestones_api.followed import ACCEPTANCE, WORKSPACE, place
from tests.surfaces.milestones_api.talk import answered, bearing
from tests.surfaces.milestones_api.things import (
    ROUTES,
    Things,
    address,
    body_for,
    method_of,
    things,
    workspace,
)
from tests.surfaces.world import Team

decode = msgspec.json.Decoder(float_hook=Decimal).decode

NEW_ORDER: dict[str, Any] = {
    "supplier": {"id": "sup-118", "name": "Tessel Mills"},
    "ships_on": "2027-04-09",
    "currency": "eur",
    "tags": ["spring"],
    "order_items": [{"part_id": "APR-LIN-3", "quantity": 1200, "unit_price_micros": 415000}],
}


async def created(team: Team, body: Any) -> dict[str, Any]:
    reply = await team.milestones_api("POST", "/purchase_orders", body=body)
    assert reply.status == 201, reply
    order: dict[str, Any] = reply.json["purchase_order"]
    return order


# Objects, wrappers, nothing at all


@pytest.mark.parametrize(
    "raw",
    [
        *(b"{", b"[]", b"[{}]", b"null", b"1", b'"x"', b"true", b" ", b"{}{}", b"{'a': 1}", b'{"a": NaN}'),
        *(b"\xef\xbb\xbf{}", b'{"note": "\xff"}', b'{"note": "\\ud800"}', b"[" * 100_000, b'{"a":' * 100_000),
        *(b'{"a": 1', "{}".encode("utf-16"), b"\x00", b"a=b"),
    ],
    ids=lambda raw: repr(raw[:20]),
)
async def test_m8_what_is_no_object(settled: tuple[Team, Things], raw: bytes) -> None:
    """M-8: 400 `invalid_json` for whatever takes a body, also where nothing of it is read."""
    team, of = settled
    async with team.unchanged():
        for route, endpoint in ROUTES.items():
            if endpoint.method != "GET":
                reply = await team.world.call(
                    method_of(route), address(route, of), headers=bearing(team.key), body=raw
                )
                answered(reply, "invalid_json")


async def test_m8_an_empty_body(team: Team) -> None:
    """M-8: counts as `{}`."""
    await workspace(team)
    order = await place(team)
    nothing: tuple[Any, ...] = (None, b"", {})
    for body in nothing:
        path = f"/purchase_orders/{order.id}/milestones/{order.id_of(ACCEPTANCE)}/confirm"
        assert (await team.milestones_api("POST", path, body=body)).status == 200
    reply = await team.milestones_api("POST", "/purchase_orders")
    assert set(reply.json["errors"]) == {"supplier.id", "order_items", "ships_on"}


async def test_m8_bare_and_wrapped(team: Team) -> None:
    """M-8: both create equal orders, but for what tells orders apart."""
    bare = await created(team, NEW_ORDER)
    wrapped = await created(team, {"purchase_order": NEW_ORDER, "ships_on": "x", "draft": 1})
    apart = {"id", "order_number", "created_at", "updated_at", "milestones", "current_milestone_id"}
    assert {name: value for name, value in bare.items() if name not in apart} == {
        name: value for name, value in wrapped.items() if name not in apart
    }
    kept = [
        [(one["name"], one["key_date"], one["status"]) for one in order["milestones"]]
        for order in (bare, wrapped)
    ]
    assert kept[0] == kept[1] != []


@pytest.mark.parametrize("wrapped", [None, 1, "x", [], [{}], True])
async def test_a_wrapper_that_holds_no_object(team: Team, wrapped: Any) -> None:
    """Section 3: then it is an unknown key."""
    order = await created(team, {**NEW_ORDER, "purchase_order": wrapped})
    assert order["supplier"]["id"] == "sup-118"


@pytest.mark.parametrize("route", [route for route, each in ROUTES.items() if each.method != "GET"])
async def test_m8_every_body_may_be_wrapped(team: Team, route: str) -> None:
    """M-8, section 3: in `purchase_order`, of tasks in `task`; of what stands beside it nothing counts."""
    await workspace(team)
    of = await things(team, route)
    wrapper = "task" if "/tasks" in route else "purchase_order"
    body = {wrapper: body_for(route, of) or {}, "note": 1, "reason": 1, "title": 1}
    reply = await team.world.call(method_of(route), address(route, of), headers=bearing(team.key), body=body)
    assert reply.status == ROUTES[route].success, reply


async def test_a_wrapper_is_taken_off_once(team: Team) -> None:
    """Section 3: the object below the key is the body."""
    reply = await team.milestones_api(
        "POST", "/purchase_orders", body={"purchase_order": {"purchase_order": NEW_ORDER}}
    )
    assert set(reply.json["errors"]) == {"supplier.id", "order_items", "ships_on"}


async def test_bodies_of_one_mebibyte(settled: tuple[Team, Things]) -> None:
    """Section 3: 1 MiB is taken, one byte more is not, on every route; also of a body that comes in chunks."""
    team, of = settled
    path = f"/purchase_orders/{of['order_id']}"
    whole = b'{"x":"' + b" " * (1024 * 1024 - 8) + b'"}'
    assert (await team.milestones_api("PATCH", path, body=whole)).status == 200
    for route, endpoint in ROUTES.items():
        if endpoint.method != "GET":
            reply = await team.world.call(
                endpoint.method, address(route, of), headers=bearing(team.key), body=whole + b" "
            )
            answered(reply, "body_too_large")

    async def chunks() -> Any:
        for _ in range(17):
            yield b" " * 65_536

    answered(await team.milestones_api("PATCH", path, body=chunks()), "body_too_large")


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "", "nonsense"])
async def test_the_content_type_is_not_examined(team: Team, media: str) -> None:
    """Section 3."""
    reply = await team.milestones_api(
        "POST", "/purchase_orders", body=NEW_ORDER, headers={"Content-Type": media}
    )
    assert reply.status == 201


async def test_unknown_and_read_only_keys_are_ignored(team: Team) -> None:
    """Section 3: whatever they hold."""
    order = await created(
        team, {**NEW_ORDER, "id": 7, "status": "delivered", "late": "x", "a\x00b": ["\x00"]}
    )
    assert (order["status"], order["late"]) == ("issued", False)
    path = f"/purchase_orders/{order['id']}"
    async with team.unchanged():
        changed = await team.milestones_api("PATCH", path, body={"status": "draft", "created_at": None})
    assert changed.ok()["purchase_order"]["status"] == "issued"


async def test_m7_spellings_of_an_order(team: Team) -> None:
    """M-7: UUID and ULID in any letter case reach one order; answers show the lower-case UUID."""
    await team.apply(WORKSPACE)
    order = await place(team)
    for spelled_ in (order.id.upper(), ulid(order.id), ulid(order.id).lower(), ulid(order.id).swapcase()):
        shown = (await team.milestones_api("GET", f"/purchase_orders/{spelled_}")).ok()["purchase_order"]
        assert shown["id"] == order.id == order.id.lower()
        first = ulid(order.id_of(ACCEPTANCE)).lower()
        reply = await team.milestones_api("GET", f"/purchase_orders/{spelled_}/milestones/{first}")
        assert reply.ok()["milestone"]["id"] == order.id_of(ACCEPTANCE)
        listed = await team.milestones_api("GET", f"/purchase_orders/{spelled_}/order_items")
        assert listed.headers["Link"].startswith(
            f"</v1/teams/{team.id}/purchase_orders/{order.id}/order_items?"
        )


# Kinds of values


def read_json(kind: Kind, raw: str) -> Any:
    return kind.read(decode(raw.encode()))


def refuses(kind: Kind, raw: str) -> bool:
    try:
        read_json(kind, raw)
    except Wrong:
        return True
    return False


def test_own_ids() -> None:
    """Section 3: strings of 1 to 64 characters, verbatim; a JSON integer is its digits."""
    for raw, read in (
        *(('"sup-118"', "sup-118"), ('" x "', " x "), ("118", "118"), ("0", "0"), ("-7", "-7")),
        ('"' + "ä" * 64 + '"', "ä" * 64),
        ("9" * 64, "9" * 64),
        ('"01MDR3P050FH1ADN9V3TFQ0K0G"', "01MDR3P050FH1ADN9V3TFQ0K0G"),
    ):
        assert read_json(own_id(), raw) == read
    for raw in ('""', '"' + "x" * 65 + '"', "9" * 65, "1.0", "1e3", "true", "[]", "{}", '"a\\u0000"'):
        assert refuses(own_id(), raw)


def test_days() -> None:
    """Section 3: `YYYY-MM-DD`, nothing else."""
    assert read_json(day(), '"2027-02-28"') == date(2027, 2, 28)
    for raw in (
        *(
            '"2027-02-29"',
            '"2027-2-8"',
            '"20270228"',
            '"2027-02-28T00:00:00Z"',
            '"2027-W08-7"',
            '""',
            "20270228",
        ),
        *('" 2027-02-28"', '"2027-02-28\\n"', '"0000-01-01"', '"10000-01-01"', '"+2027-02-28"', "true", "[]"),
        '"２０２７-０２-２８"',
    ):
        assert refuses(day(), raw), raw


def test_days_by_id() -> None:
    """Sections 7.9 and 7.13: ids are kept as they were sent, null is a value, every fault is told."""
    assert read_json(days_by_id(), '{"A": "2027-02-28", "b\\u0000": null}') == {
        "A": date(2027, 2, 28),
        "b\0": None,
    }
    assert read_json(days_by_id(), "{}") == {}
    with pytest.raises(Wrong) as found:
        read_json(days_by_id(), '{"a.0": 1, "b": "x", "c": "2027-02-28"}')
    assert [where for where, _, _ in found.value.faults] == [("a.0",), ("b",)]
    assert refuses(days_by_id(), '["2027-02-28"]')


def test_m11_micros() -> None:
    """M-11: integers from 0 to 9007199254740991; no decimals, no strings."""
    for raw, read in (("0", 0), ("415000", 415000), ("9007199254740991", LARGEST_MICROS), ("1e3", 1000)):
        assert read_json(micros(), raw) == read
        assert isinstance(read_json(micros(), raw), int)
    for raw in (
        "0.8",
        '"5"',
        "-1",
        "9007199254740992",
        "1e400",
        "1e999999999",
        "true",
        "-0.1",
        "1" * 300,
        "[]",
    ):
        assert refuses(micros(), raw), raw


def test_quantities() -> None:
    """Section 6.3: above 0, up to six decimals."""
    for raw, read in (
        *(("1200", "1200"), ("0.000001", "0.000001"), ("1.50", "1.5"), ("1e3", "1000"), ("2.0000000", "2")),
        *(("99999999999999999999", "99999999999999999999"), ("25e-1", "2.5")),
    ):
        assert str(read_json(quantity(), raw)) == read
    for raw in (
        *("0", "-1", "0.0000001", "1.0000005", '"1"', "true", "1e20", "1e-400", "1e999999999"),
        *("1e-999999999", "100000000000000000000", "[]"),
    ):
        assert refuses(quantity(), raw), raw


@given(st.integers(1, 10**26 - 1))
def test_quantities_are_read_exactly(millionths: int) -> None:
    number = Decimal(millionths).scaleb(-6)
    read = quantity().read(number)
    assert read == number
    assert "." not in str(read) or not str(read).endswith("0")


KINDS: dict[str, Kind] = {"own id": own_id(), "day": day(), "days": days_by_id(), "micros": micros()}
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.sampled_from(["", "x", "2027-02-28", "2027-02-30", "y" * 65]),
    lambda inner: (
        st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2) | st.lists(inner, max_size=2)
    ),
    max_leaves=4,
)


@pytest.mark.parametrize("name", KINDS)
@given(value=_values.filter(lambda value: value is not None))
def test_the_schema_says_what_is_read(name: str, value: Any) -> None:
    """What the OpenAPI document promises: what is read fits the schema, and what fits it is read."""
    kind = KINDS[name]
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    described = jsonschema.Draft202012Validator(kind.schema, format_checker=checker).is_valid(value)
    assert described is not refuses(kind, json.dumps(value))


# Faults


def test_places_are_spelled() -> None:
    """Section 5: names with points, indices in brackets."""
    assert spelled(("order_items", 0, "quantity")) == "order_items[0].quantity"
    assert spelled(("order_milestone_key_dates", "a.b[0]")) == "order_milestone_key_dates.a.b[0]"
    assert spelled(("tags", 3)) == "tags[3]"
    assert spelled(()) == ""


def test_all_faults_at_once() -> None:
    """Section 5: several of one place stand together, in the order in which they were found."""

    def twice(_: Any) -> Any:
        raise Wrong([((), "a", "is bad"), ((), "b", "is worse")])

    kind = members(
        *required(text(3), "name"),
        *optional(list_of(members(*required(quantity(), "quantity")), at_most=9), "items"),
        *optional(Kind(twice, twice, {"type": "object"}, {"type": "object"}), "odd"),
    )
    with pytest.raises(Refusal) as found:
        read_wish(kind.read, {"items": [{"quantity": 1}, {"quantity": 0}, {}], "odd": 1})
    assert found.value.body == {
        "error": "name is required",
        "code": "validation_failed",
        "errors": {
            "name": ["is required"],
            "items[1].quantity": ["must be greater than 0"],
            "items[2].quantity": ["is required"],
            "odd": ["is bad", "is worse"],
        },
    }


def test_a_fault_of_the_whole_body() -> None:
    kind = Kind(lambda value: _whole(), lambda value: _whole(), {"type": "object"}, {"type": "object"})
    with pytest.raises(Refusal) as found:
        read_wish(kind.read, {})
    assert found.value.body["error"] == "The body says nothing"


def _whole() -> Any:
    raise wrong("required", "says nothing")
