"""GET /v1/orders: pages, filters, sequence (contract, section 8; S-17 to S-24)."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from milepost.kit.ids import ulid
from tests.surfaces.world import BASICS, NO_ID, Customer, Stop, Team, World

NIL = "00000000-0000-0000-0000-000000000000"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


async def page_of(team: Team, version: str | None = None, **query) -> tuple[list[str], dict]:
    """The ids and the pagination of a page."""
    answer = (await team.get("/orders", version, **query)).ok()
    assert answer.keys() == {"orders", "pagination"}
    assert answer["pagination"].keys() == {"page", "limit", "total", "total_pages"}
    return [order["id"] for order in answer["orders"]], answer["pagination"]


async def ids_of(team: Team, version: str | None = None, **query) -> list[str]:
    return (await page_of(team, version, **query))[0]


async def names_of(team: Team, version: str | None = None, **query) -> list[str]:
    return [order["name"] for order in (await team.get("/orders", version, **query)).ok()["orders"]]


# Pages ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def thirty(world: World) -> Team:
    """A team with thirty orders, placed a minute apart; `by` has them by name, oldest first."""
    team = await world.team()
    wishes = [
        team.new_order(f"#{number}", placed_at=NEW_YEAR + timedelta(minutes=number))
        for number in range(1, 31)
    ]
    shuffled = random.Random(7).sample(wishes, len(wishes))
    by_name = dict(zip((wish.order_number for wish in shuffled), await team.orders(shuffled), strict=True))
    team.by = {wish.order_number: by_name[wish.order_number] for wish in wishes}
    return team


def oldest_first(team: Team) -> list[str]:
    return list(team.by.values())


async def test_s17_defaults_of_the_list(thirty):
    """S-17: page 1, limit 25, newest first; the pagination has exactly four members."""
    ids, pagination = await page_of(thirty)
    assert ids == oldest_first(thirty)[::-1][:25]
    assert pagination == {"page": 1, "limit": 25, "total": 30, "total_pages": 2}


async def test_s18_limits_and_pages(thirty):
    """S-18: above 250 the limit becomes 250; what is no number from 1 is 400 and named; a page past the end
    is empty with true totals."""
    ids, pagination = await page_of(thirty, limit="9999")
    assert (len(ids), pagination) == (30, {"page": 1, "limit": 250, "total": 30, "total_pages": 1})
    for name, value in itertools.product(
        ("limit", "page"), ("0", "-1", "abc", "1.5", "1e3", "0x1", "+1", "٣", "1 2", "--1", "00", "²")
    ):
        reply = await thirty.get("/orders", **{name: value})
        reply.refused("invalid_request", fields=[name])
    for page in ("3", "4711"):
        assert await page_of(thirty, page=page) == (
            [],
            {"page": int(page), "limit": 25, "total": 30, "total_pages": 2},
        )


@pytest.mark.parametrize("page", [10**6, 2**31, 2**63 - 1, 2**63, 10**18, 10**19 + 7, 10**60])
async def test_a_page_however_large(thirty, page):
    for version in ("1.0", "1.2", "1.4"):
        ids, pagination = await page_of(thirty, version, page=str(page), limit="250")
        assert (ids, pagination) == ([], {"page": page, "limit": 250, "total": 30, "total_pages": 1})


async def test_a_limit_however_large(thirty):
    for limit in ("251", "9" * 40, "000300"):
        assert (await page_of(thirty, limit=limit))[1]["limit"] == 250
    assert (await page_of(thirty, limit="007", page="02"))[1] == {
        "page": 2,
        "limit": 7,
        "total": 30,
        "total_pages": 5,
    }


@pytest.mark.parametrize("limit", [1, 6, 7, 29, 30, 31, 250])
async def test_total_pages_round_up(thirty, limit):
    assert (await page_of(thirty, limit=str(limit)))[1]["total_pages"] == -(-30 // limit)


async def test_an_empty_list(world):
    team = await world.team()
    assert await page_of(team) == ([], {"page": 1, "limit": 25, "total": 0, "total_pages": 0})
    assert await page_of(team, page="2") == ([], {"page": 2, "limit": 25, "total": 0, "total_pages": 0})


async def test_250_is_the_most(world):
    team = await world.team()
    await team.orders([team.new_order() for _ in range(260)])
    first, pagination = await page_of(team, limit="251")
    assert (len(first), pagination["limit"], pagination["total"], pagination["total_pages"]) == (
        250,
        250,
        260,
        2,
    )
    second, _ = await page_of(team, limit="250", page="2")
    assert (len(second), len({*first, *second})) == (10, 260)


TIED: dict[str, tuple] = {
    **dict.fromkeys(("#1", "#01", "#001"), ("#", 1)),
    **dict.fromkeys(("#1-a", "#1-A", "#01-a"), ("#", 1, "-a")),
    **dict.fromkeys(("a", "A"), ("a",)),
    **dict.fromkeys(("2", "02"), (2,)),
    **dict.fromkeys(("x 5", "X 05"), ("x ", 5)),
    "#10": ("#", 10),
    "#9": ("#", 9),
}
"""Order names and what they sort as: many sort alike."""
MOMENTS = {name: NEW_YEAR + timedelta(seconds=len(name) * 7 % 4) for name in TIED}


@pytest.fixture(scope="module")
async def tied(world: World) -> Team:
    """Orders with equal moments and names that sort alike, made in a sequence that is neither sort's."""
    team = await world.team()
    names = random.Random(11).sample(list(TIED), len(TIED))
    wishes = [
        team.new_order(name, placed_at=MOMENTS[name], is_draft=place % 5 == 0)
        for place, name in enumerate(names)
    ]
    team.by = dict(zip(names, await team.orders(wishes), strict=True))
    return team


def natural(value: tuple) -> list:
    """Runs of digits as whole numbers, where digits stand among other characters."""
    return [("0", part) if isinstance(part, int) else (part, 0) for part in value]


@pytest.mark.parametrize("sort_by", ["created_at", "name"])
async def test_ties_are_decided_by_id_and_desc_is_the_reverse(tied, sort_by):
    def place(name: str):
        return (MOMENTS[name] if sort_by == "created_at" else natural(TIED[name])), tied.by[name]

    rising = await ids_of(tied, sort_by=sort_by, sort_order="asc")
    assert rising == [tied.by[name] for name in sorted(TIED, key=place)]
    assert await ids_of(tied, sort_by=sort_by, sort_order="desc") == rising[::-1]


@pytest.mark.parametrize(
    ("sort_by", "sort_order", "kind"),
    list(itertools.product(("created_at", "name"), ("asc", "desc"), ("ALL", "REGULAR", "DRAFT"))),
)
async def test_pages_partition_the_list(tied, sort_by, sort_order, kind):
    """For every limit the pages, one after another, are the whole list, each order once."""
    query = {"sort_by": sort_by, "sort_order": sort_order, "order_type": kind}
    whole, pagination = await page_of(tied, **query)
    assert pagination["total"] == len(whole) == len(set(whole)) > 0
    for limit in range(1, len(whole) + 2):
        pages = -(-len(whole) // limit)
        found = []
        for page in range(1, pages + 2):
            part, told = await page_of(tied, **query, limit=str(limit), page=str(page))
            assert told == {"page": page, "limit": limit, "total": len(whole), "total_pages": pages}
            assert len(part) == max(0, min(limit, len(whole) - (page - 1) * limit))
            found += part
        assert found == whole


async def test_deep_pages_hold_what_shallow_ones_do(world):
    """Past offset 1,000 the list is made another way; it must be the same list, filtered or not."""
    team = await world.team()
    await team.apply(BASICS)
    numbers = random.Random(3).sample(range(1060), 1060)
    orders = await team.orders(
        [
            team.new_order(f"#{number}", placed_at=NEW_YEAR + timedelta(seconds=number % 40))
            for number in numbers
        ]
    )
    number_of = dict(zip(orders, numbers, strict=True))
    rising = {
        "created_at": sorted(orders, key=lambda order: (number_of[order] % 40, order)),
        "name": sorted(orders, key=lambda order: number_of[order]),
    }
    for some in (orders[:1000], orders[1000:]):
        body = {"order_ids": some, "status_id": team.known["A"]}
        assert (await team.post("/orders/status-bulk", body)).ok()["failed"] == 0
    filters = {"status": team.known["A"], "order_type": "REGULAR", "search": "#"}
    for sort_by, sort_order in itertools.product(("created_at", "name"), ("asc", "desc")):
        query = {"sort_by": sort_by, "sort_order": sort_order, "limit": "250"}
        expected = rising[sort_by] if sort_order == "asc" else rising[sort_by][::-1]
        found = [order for page in range(1, 7) for order in await ids_of(team, **query, page=str(page))]
        assert found == expected
        assert await ids_of(team, **query, **filters, page="5") == expected[1000:]


# Sorting --------------------------------------------------------------------------------------------------


async def test_s19_names_sort_naturally(world):
    """S-19: #9, #10, #10-b, #K2 rising; falling is the exact reverse; another sort is 400."""
    team = await world.team()
    for name in ("#K2", "#10-b", "#9", "#10"):
        await team.order(name)
    names = await names_of(team, sort_by="name", sort_order="asc")
    assert names == ["#9", "#10", "#10-b", "#K2"]
    assert await names_of(team, sort_by="name", sort_order="desc") == names[::-1]
    assert await names_of(team, sort_by="name") == names[::-1]
    (await team.get("/orders", sort_by="total")).refused("invalid_request", fields=["sort_by"])
    (await team.get("/orders", sort_order="up")).refused("invalid_request", fields=["sort_order"])


async def test_names_of_many_kinds(world):
    team = await world.team()
    rising = [
        "1",
        "02",
        "3a",
        "3B",
        "12345678901234567890",
        "A1",
        "a2",
        "A10",
        "a10b2",
        "A10b10",
        "b",
        "É",
        "ß9",
    ]
    for name in random.Random(5).sample(rising, len(rising)):
        await team.order(name)
    names = await names_of(team, sort_by="name", sort_order="asc")
    assert names[:11] == rising[:11]
    assert set(names[11:]) == set(rising[11:])


async def test_enums_in_any_letter_case(tied):
    plain = await ids_of(tied, sort_by="name", sort_order="asc", order_type="REGULAR")
    assert await ids_of(tied, sort_by="NAME", sort_order="Asc", order_type="regular") == plain
    assert await ids_of(tied, sort_by=" Created_At ", sort_order="DESC", order_type="All") == await ids_of(
        tied
    )


async def test_orders_without_a_date_of_their_own_are_as_old_as_milepost_knows_them(world):
    team = await world.team()
    with world.clock.at(NEW_YEAR + timedelta(days=1)):
        middle = await team.order()
    new = await team.order(placed_at=NEW_YEAR + timedelta(days=2))
    old = await team.order(placed_at=NEW_YEAR)
    assert await ids_of(team) == [new, middle, old]
    assert (await team.read(middle))["created_at"] == "2026-01-02T00:00:00Z"


# Search ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def customers(world: World) -> Team:
    team = await world.team()
    contents: dict[str, dict[str, Any]] = {
        "#K-204": {"customer": Customer("Tomé", "Reis", "tome@reis.example", "+351 210")},
        "PO_7%x": {"ship_to": Stop(company_name="Reis Náutica", line_1="Rua do Cais 8", locality="Olhão")},
        "only-first": {"customer": Customer(first_name="Ada")},
        "only-last": {"customer": Customer(last_name="Lovelace")},
        "PO\\8": {"customer": Customer("Ana", "Maria", "ANA@Example.COM"), "note": "Lovelace"},
        "PO-7-x": {"customer": Customer("Jo", None, None), "ship_to": Stop(company_name="Straße & Söhne")},
        "bare": {},
    }
    for name, content in contents.items():
        await team.order(name, **content)
    return team


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("k-20", ["#K-204"]),
        ("#K", ["#K-204"]),
        ("tomé reis", ["#K-204"]),
        ("TOMÉ REIS", ["#K-204"]),
        ("mé re", ["#K-204"]),
        ("tomé  reis", []),
        ("reis tomé", []),
        ("reis", ["#K-204", "PO_7%x"]),
        ("tome@reis.EXAMPLE", ["#K-204"]),
        ("NÁUTICA", ["PO_7%x"]),
        ("ana@example.com", ["PO\\8"]),
        ("ada", ["only-first"]),
        ("ADA ", ["only-first"]),
        ("lovelace", ["only-last"]),
        ("%", ["PO_7%x"]),
        ("_", ["PO_7%x"]),
        ("7_", []),
        ("7%", ["PO_7%x"]),
        ("7-", ["PO-7-x"]),
        ("\\", ["PO\\8"]),
        ("po\\8", ["PO\\8"]),
        ("\\%", []),
        ("STRASSE", ["PO-7-x"]),
        ("rua do cais", []),
        ("olhão", []),
        ("+351", []),
        ("204 tomé", []),
        ("reis tome@", []),
        ("nothing like it", []),
        ("'", []),
        ("4\x00", []),
        ("4\x1ft", []),
        ("x" * 5000, []),
    ],
)
async def test_s20_search(customers, text, found):
    """S-20: part of the order name, `first last`, the email or the company, in any letter case; % and _ match
    only themselves."""
    assert sorted(await names_of(customers, search=text)) == sorted(found)
    assert (await page_of(customers, search=text))[1]["total"] == len(found)


async def test_search_is_trimmed_and_may_be_empty(customers):
    assert await names_of(customers, search="  náutica ") == ["PO_7%x"]
    for text in ("", "   "):
        assert len(await ids_of(customers, search=text)) == 7


# Filters --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def mixed(world: World) -> Team:
    """Orders in several statuses and workflows; `by` has their ids by name."""
    team = await world.team()
    await team.apply(
        {
            **BASICS,
            "statuses": [
                *BASICS["statuses"],
                {"name": "Build 1", "workflow": "Build"},
                {"name": "Refit 1", "workflow": "Refit"},
            ],
            "workflows": [{"name": "Build"}, {"name": "Refit"}],
        }
    )
    names = ("a1", "a2", "b1", "none", "build", "refit", "left")
    ids = await team.orders([team.new_order(name, customer=Customer("Jo", name)) for name in names])
    team.by = dict(zip(names, ids, strict=True))
    for name, status in (
        ("a1", "A"),
        ("a2", "A"),
        ("b1", "B"),
        ("build", "Build 1"),
        ("refit", "Refit 1"),
        ("left", "Build 1"),
        ("left", "C"),
        ("none", "Gift"),
        ("b1", "Gift"),
    ):
        await team.moved(team.by[name], team.known[status])
    return team


async def found(team: Team, version: str | None = None, **query) -> set[str]:
    names = {order: name for name, order in team.by.items()}
    ids, pagination = await page_of(team, version, **query)
    assert pagination["total"] == len(ids) == len(set(ids))
    return {names[order] for order in ids}


async def test_s21_filters_combine(mixed):
    """S-21: filters combine with AND; unknown statuses and workflows match nothing; unknown parameters do
    nothing."""
    a, some = mixed.known["A"], ",".join(mixed.by[name] for name in ("a1", "b1", "none"))
    assert await found(mixed, status=a) == {"a1", "a2"}
    assert await found(mixed, search="1") == {"a1", "b1"}
    assert await found(mixed, order_ids=some) == {"a1", "b1", "none"}
    assert await found(mixed, status=a, search="1", order_ids=some) == {"a1"}
    assert await found(mixed, status=a, search="2", order_ids=some) == set()
    assert await found(mixed, status=mixed.known["B"], search="1") == {"b1"}
    for unknown in (NO_ID, NIL, "x", "1", "\x00", mixed.known["workflow:Build"], "null"):
        assert await page_of(mixed, status=unknown) == (
            [],
            {"page": 1, "limit": 25, "total": 0, "total_pages": 0},
        )
    for unknown in (NO_ID, NIL, "x", mixed.known["A"]):
        assert await found(mixed, workflow_id=unknown) == set()
    plain = await mixed.get("/orders")
    assert (await mixed.get("/orders", foo="bar", limit="25", Status="x")).raw == plain.raw


async def test_addons_do_not_match_the_status_filter(mixed):
    assert await found(mixed, status=mixed.known["Gift"]) == set()
    assert await found(mixed, status=mixed.known["B"]) == {"b1"}


async def test_the_workflow_filter(mixed):
    """Orders assigned to the workflow; ignored before 1.3."""
    build, refit = mixed.known["workflow:Build"], mixed.known["workflow:Refit"]
    for version in ("1.3", "1.4", "1.5"):
        assert await found(mixed, version, workflow_id=build) == {"build", "left"}
        assert await found(mixed, version, workflow_id=refit, status=mixed.known["Refit 1"]) == {"refit"}
        assert await found(mixed, version, workflow_id=build, status=mixed.known["Refit 1"]) == set()
        assert await found(mixed, version, workflow_id="x") == set()
    for version in ("1.0", "1.1", "1.2"):
        for value in (build, "x"):
            assert await found(mixed, version, workflow_id=value) == set(mixed.by)


async def test_filters_take_every_spelling_of_an_id(mixed):
    a = mixed.known["A"]
    for text in (a, a.upper(), ulid(a), ulid(a).lower(), f" {a} "):
        assert await found(mixed, status=text) == {"a1", "a2"}
    build = mixed.known["workflow:Build"]
    for text in (build.upper(), ulid(build), ulid(build).lower()):
        assert await found(mixed, workflow_id=text) == {"build", "left"}
    one, two = mixed.by["a1"], mixed.by["b1"]
    assert await found(mixed, order_ids=f"{one.upper()},{ulid(two).lower()}") == {"a1", "b1"}


async def test_totals_follow_changes(world):
    """Totals of every filter stay true while orders come, move and are issued."""
    team = await world.team()
    await team.apply(
        {
            **BASICS,
            "statuses": [*BASICS["statuses"], {"name": "In W", "workflow": "W"}],
            "workflows": [{"name": "W"}],
        }
    )
    ids = await team.ids()
    orders = await team.orders([team.new_order(is_draft=number % 3 == 0) for number in range(9)])
    dice = random.Random(2)
    held: dict[str, str] = {}
    in_w: set[str] = set()
    for _ in range(25):
        order, name = dice.choice(orders), dice.choice(["A", "B", "Wait", "In W", "Gift"])
        await team.moved(order, ids[name])
        if name != "Gift":
            held[order] = name
            in_w |= {order} if name == "In W" else set()
        for status in ("A", "B", "Wait", "In W"):
            wanted = {one for one, name in held.items() if name == status}
            listed, pagination = await page_of(team, status=ids[status])
            assert (set(listed), pagination["total"]) == (wanted, len(wanted))
        assert (await page_of(team, workflow_id=ids["workflow:W"]))[1]["total"] == len(in_w)
    assert (await page_of(team))[1]["total"] == 9
    assert (await page_of(team, order_type="DRAFT"))[1]["total"] == 3
    assert (await page_of(team, "1.0"))[1]["total"] == 6


# Drafts ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def drafts(world: World) -> Team:
    team = await world.team()
    contents: dict[str, dict[str, Any]] = {
        "regular": {"shopify_kind": "Order", "shopify_id": 100},
        "draft": {"is_draft": True, "shopify_kind": "DraftOrder", "shopify_id": 200},
        "both, order": {"shopify_kind": "Order", "shopify_id": 300},
        "both, draft": {"is_draft": True, "shopify_kind": "DraftOrder", "shopify_id": 300},
        "own": {},
        "own draft": {"is_draft": True},
        "issued": {"shopify_kind": "DraftOrder", "shopify_id": 400},
    }
    ids = await team.orders([team.new_order(name, **content) for name, content in contents.items()])
    team.by = dict(zip(contents, ids, strict=True))
    return team


REGULAR = {"regular", "both, order", "own", "issued"}
DRAFT = {"draft", "both, draft", "own draft"}


async def test_s22_drafts_in_the_list(drafts):
    """S-22: 1.0 and 1.1 list regular orders only, whatever `order_type` says; from 1.2 all are listed."""
    for version in ("1.0", "1.1"):
        assert await found(drafts, version) == REGULAR
        for kind in ("DRAFT", "ALL", "REGULAR", "X"):
            assert await found(drafts, version, order_type=kind) == REGULAR
    for version in ("1.2", "1.3", "1.4", "1.5"):
        assert await found(drafts, version) == REGULAR | DRAFT
        assert await found(drafts, version, order_type="ALL") == REGULAR | DRAFT
        assert await found(drafts, version, order_type="DRAFT") == DRAFT
        assert await found(drafts, version, order_type="REGULAR") == REGULAR
        (await drafts.get("/orders", version, order_type="X")).refused(
            "invalid_request", fields=["order_type"]
        )


async def test_a_regular_list_never_has_a_draft(drafts):
    ids = ",".join(drafts.by.values())
    assert await found(drafts, order_type="REGULAR", order_ids=ids) == REGULAR
    assert await found(drafts, order_type="REGULAR", search="draft") == set()
    digits = {"use_shopify_order_id": "true", "order_ids": "100,200,300"}
    assert await found(drafts, order_type="REGULAR", **digits) == {"regular", "both, order"}


async def test_draft_ids_in_old_versions(drafts):
    """A draft's UUID in `order_ids` matches nothing in 1.0 and 1.1."""
    both = f"{drafts.by['draft']},{drafts.by['regular']}"
    for version in ("1.0", "1.1"):
        assert await found(drafts, version, order_ids=both) == {"regular"}
        assert await found(drafts, version, order_ids=drafts.by["draft"]) == set()
    assert await found(drafts, "1.2", order_ids=both) == {"draft", "regular"}


async def test_shopify_digits_in_the_list(drafts):
    """The regular order wins; `order_type` limits the forms that are tried."""
    digits = {"use_shopify_order_id": "TRUE", "order_ids": "100, 200,300,300,999"}
    for version in ("1.0", "1.1"):
        assert await found(drafts, version, **digits) == {"regular", "both, order"}
    for version in ("1.2", "1.4"):
        assert await found(drafts, version, **digits) == {"regular", "draft", "both, order"}
        assert await found(drafts, version, **digits, order_type="DRAFT") == {"draft", "both, draft"}
    assert await found(drafts, use_shopify_order_id="true", order_ids="400") == {"issued"}
    assert await found(drafts, "1.1", use_shopify_order_id="true", order_ids="400") == set()


async def test_what_is_no_shopify_digits(drafts):
    regular = drafts.by["regular"]
    for text in (regular, "gid://shopify/Order/100", "0100", "+100", "-100", "100.0", "1e2", "١٠٠", "9" * 30):
        assert await found(drafts, use_shopify_order_id="true", order_ids=text) == set()
    assert await found(drafts, use_shopify_order_id="false", order_ids="100") == set()
    assert await found(drafts, use_shopify_order_id="true") == REGULAR | DRAFT


# order_ids ------------------------------------------------------------------------------------------------


async def test_s24_order_ids(thirty):
    """S-24: at most 1,000 ids, counted with duplicates; known orders come once, whatever else is named."""
    known, other = oldest_first(thirty)[3], oldest_first(thirty)[8]
    mix = f"{known},{NO_ID},nonsense,{known.upper()}, {ulid(known)} ,,{other},{known}"
    ids, pagination = await page_of(thirty, order_ids=mix)
    assert ids == [other, known]
    assert pagination == {"page": 1, "limit": 25, "total": 2, "total_pages": 1}
    (await thirty.get("/orders", order_ids=",".join(["x"] * 1001))).refused(
        "invalid_request", fields=["order_ids"]
    )
    assert await ids_of(thirty, order_ids=",".join(["x"] * 999 + [known])) == [known]
    assert await ids_of(thirty, order_ids=",".join(["x,"] * 1000)) == []  # blanks are dropped before counting


async def test_order_ids_do_not_set_the_sequence(thirty):
    ids = oldest_first(thirty)
    some = [ids[place] for place in (5, 2, 9)]
    assert await ids_of(thirty, order_ids=",".join(some)) == [ids[place] for place in (9, 5, 2)]


async def test_blank_order_ids_count_as_not_sent(thirty):
    for text in ("", ",", " , ,", " "):
        assert (await page_of(thirty, order_ids=text))[1]["total"] == 30
    assert (await page_of(thirty, order_ids="x"))[1]["total"] == 0


# Extras ---------------------------------------------------------------------------------------------------


async def test_an_unknown_extra(thirty):
    for text in ("x", "deadline,x", "Deadline", "deadline;metafield"):
        for version in ("1.4", "1.5"):
            (await thirty.get("/orders", version, include=text)).refused(
                "invalid_request", fields=["include"]
            )
        for version in ("1.0", "1.3"):
            assert (await thirty.get("/orders", version, include=text)).status == 200
    for text in ("", ",", " deadline , ,metafield,deadline"):
        assert (await thirty.get("/orders", include=text)).status == 200
