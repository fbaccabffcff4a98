"""What a boatyard sells in some weeks: orders as its shop would tell of them, the same for the same seed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from msgspec import Struct

from milepost.model.order import Customer, Geolocation, NewItem, NewOrder, Stop

WEEKS = 8
"""How far back the first order was placed."""

FIRST_SHOPIFY_ID, FIRST_LINE_ID = 7_730_400_000, 16_210_500_000

PRODUCTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Build": (
        ("KAYAK-52", "Sea kayak 5.2 m, ash and cedar", "2140.00"),
        ("CANOE-48", "Canoe 4.8 m, cedar strip", "1890.00"),
        ("DINGHY-31", "Sailing dinghy 3.1 m", "4650.00"),
        ("SKIFF-42", "Rowing skiff 4.2 m", "3380.00"),
    ),
    "Restoration": (
        ("REST-HULL", "Hull restoration", "1750.00"),
        ("REST-DECK", "Deck and coaming, new", "980.00"),
        ("REST-ENG", "Inboard overhaul", "1420.00"),
    ),
    "Chandlery": (
        ("PADDLE-ASH", "Ash paddle", "129.00"),
        ("OAR-PAIR", "Spruce oars, the pair", "248.00"),
        ("VARN-075", "Yacht varnish 0.75 l", "34.50"),
        ("ROPE-12", "Hemp rope 12 mm, 20 m", "41.80"),
        ("COVER-52", "Cover for kayaks up to 5.4 m", "96.00"),
        ("COMPASS-B", "Deck compass, brass", "87.25"),
    ),
}
SHARES = (("Chandlery", 50), ("Build", 33), ("Restoration", 17))

FIRST_NAMES = (
    *("Ana", "Tomé", "Inês", "Rui", "Marta", "Hugo", "Clara", "Nuno", "Beatriz", "Jorge", "Sofia", "Erik"),
    *("Greta", "Noor", "Liam", "Aoife", "Elena", "Mateo"),
)
LAST_NAMES = (
    *("Reis", "Nunes", "Carvalho", "Duarte", "Lopes", "Matos", "Vieira", "Falcão", "Brandt", "Larsen"),
    *("O'Shea", "Haddad", "Serra", "Pires"),
)
COMPANIES = ("Reis Náutica", "Clube de Vela do Sado", "Blue Tern Charters", "Escola de Mar", "Lagoon & Sons")
TOWNS = (
    ("Olhão", "Faro", "8700-304", "Portugal", "37.0260", "-7.8410"),
    ("Setúbal", "Setúbal", "2900-016", "Portugal", "38.5244", "-8.8882"),
    ("Viana do Castelo", "Viana do Castelo", "4900-317", "Portugal", "41.6918", "-8.8345"),
    ("Vigo", "Galicia", "36202", "Spain", "42.2406", "-8.7207"),
    ("Lorient", "Bretagne", "56100", "France", "47.7483", "-3.3702"),
    ("Cork", "County Cork", "T12 W8KP", "Ireland", "51.8985", "-8.4756"),
)
STREETS = (
    "Rua do Cais",
    "Avenida da Ria",
    "Largo da Lota",
    "Travessa dos Remos",
    "Quay Street",
    "Rue du Port",
)
NOTES = (
    "Call before delivery",
    "Gate code 4410",
    "It is a surprise: no name on the parcel",
    "Invoice to the club",
)


class DemoOrder(Struct, frozen=True):
    """An order and the workflow that it is going to take."""

    order: NewOrder
    workflow: str
    placed_at: datetime


def demo_orders(chance: Random, count: int, now: datetime) -> list[DemoOrder]:
    """Orders of the weeks before `now`, oldest first. Most come from the shop, some of them as drafts; the
    rest were made by hand and have no Shopify id."""
    span = timedelta(weeks=WEEKS).total_seconds()
    moments = sorted(now - timedelta(seconds=chance.uniform(60, span)) for _ in range(count))
    return [_order(chance, place, moment.replace(microsecond=0)) for place, moment in enumerate(moments)]


def _order(chance: Random, place: int, placed_at: datetime) -> DemoOrder:
    workflow = chance.choices([name for name, _ in SHARES], [share for _, share in SHARES])[0]
    kind = chance.choices(("Order", "DraftOrder", None), (84, 7, 9))[0]
    items = _items(chance, place, workflow, with_ids=kind == "Order")
    customer, company = _customer(chance)
    number = {"Order": f"#{1001 + place}", "DraftOrder": f"#D{1001 + place}"}.get(
        kind or "", f"YD-{1001 + place}"
    )
    order = NewOrder(
        order_number=number,
        is_draft=kind == "DraftOrder",
        source="IMPORT" if kind else "OTHER",
        shopify_kind=kind,  # type: ignore[arg-type]  # mypy takes the choices for str
        shopify_id=FIRST_SHOPIFY_ID + place if kind else None,
        note=chance.choice(NOTES) if chance.random() < 0.15 else None,
        currency="EUR",
        total_price=sum((item.quantity * (item.unit_price or 0) for item in items), Decimal(0)),
        customer=customer,
        ship_to=_stop(chance, company),
        placed_at=placed_at.astimezone(UTC),
        items=items,
    )
    return DemoOrder(order, workflow, placed_at)


def _items(chance: Random, place: int, workflow: str, *, with_ids: bool) -> tuple[NewItem, ...]:
    products = list(PRODUCTS[workflow])
    chosen = chance.sample(products, chance.choices((1, 2, 3), (60, 30, 10))[0])
    if workflow == "Build" and chance.random() < 0.4:
        chosen.append(PRODUCTS["Chandlery"][0])
    return tuple(
        NewItem(
            quantity=Decimal(chance.randint(1, 4) if workflow == "Chandlery" else 1),
            description=description,
            shopify_line_item_id=FIRST_LINE_ID + place * 10 + line if with_ids else None,
            sku=sku,
            unit_price=Decimal(price),
        )
        for line, (sku, description, price) in enumerate(chosen)
    )


def _customer(chance: Random) -> tuple[Customer, str | None]:
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    company = chance.choice(COMPANIES) if chance.random() < 0.2 else None
    name = "".join(letter for letter in f"{first}.{last}".lower() if letter.isascii() and letter != "'")
    phone = f"+3512{chance.randint(10_000_000, 99_999_999)}" if chance.random() < 0.7 else None
    return Customer(first, last, f"{name}@mail.example", phone), company


def _stop(chance: Random, company: str | None) -> Stop:
    town, region, postal_code, country, latitude, longitude = chance.choice(TOWNS)
    return Stop(
        company_name=company,
        line_1=f"{chance.choice(STREETS)} {chance.randint(1, 120)}",
        locality=town,
        region=region,
        postal_code=postal_code,
        country=country,
        geolocation=Geolocation(float(latitude), float(longitude)),
        latitude_text=latitude,
        longitude_text=longitude,
    )
