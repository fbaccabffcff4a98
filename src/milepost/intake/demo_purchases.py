"""What a boatyard buys: purchase orders at every stage, each with its story."""

from collections.abc import Sequence

from msgspec import Struct

from milepost.intake.demo_acts import (
    Act,
    accepted,
    asked_for,
    canceled,
    confirmed,
    done,
    issued_again,
    postponed,
    refused,
    rescheduled,
    taken_back,
)

SUPPLIERS = NORTE, VELAS, VOUGA, BRONZE = (
    ("sup-118", "Estaleiro Norte", "Porto"),
    ("sup-120", "Velas Atlântico", "Cascais"),
    ("sup-131", "Madeiras do Vouga", "Aveiro"),
    ("sup-140", "Bronze & Latão", "Braga"),
)
"""Id, name, town."""

Line = tuple[str, str, int, str | None, str]
"""Part, name, quantity, unit, price of one."""


class Purchase(Struct, frozen=True, kw_only=True):
    """An order of the yard and what becomes of it."""

    name: str
    supplier: tuple[str, str, str]
    """Id, name, town."""
    lines: tuple[Line, ...]
    ago: int
    """Days since it was made."""
    ships: int
    arrives: int
    """Days from the present of the demo."""
    acts: Sequence[Act] = ()
    workflow: str = "Purchasing"
    is_draft: bool = False
    terms: tuple[str | None, str | None, str | None] = ("FCA", "net 30", "road")
    """Incoterms, payment terms, shipping method."""


ON_TRACK, INSPECTED, PACKED = "On track to ship", "Inspection report", "Packing list"
"""Tasks of the workflow."""

PURCHASES: Sequence[Purchase] = (
    Purchase(
        name="Spruce and ash for the spring hulls",
        supplier=VOUGA,
        lines=(("ASH-24", "Ash boards 24 mm", 60, "m2", "48.20"), ("SPR-40", "Spruce 40 mm", 35, "m2", "61")),
        ago=26,
        ships=6,
        arrives=13,
        acts=(
            accepted(23, "boards from the same log, as asked"),
            confirmed("production_start", 15),
            asked_for(12, "Photographs of the grain", "studio@saltwood.example", 5),
            postponed(4, 12, "the kiln broke down"),
        ),
    ),
    Purchase(
        name="Bronze cleats and oarlocks",
        supplier=BRONZE,
        lines=(
            ("CLT-110", "Cleat 110 mm, bronze", 240, "pcs", "9.85"),
            ("OAR-12", "Oarlock", 120, "pcs", "14.40"),
        ),
        ago=50,
        ships=-20,
        arrives=-14,
        acts=(
            accepted(48),
            confirmed("production_start", 40),
            done(ON_TRACK, 27, by_supplier=True),
            done(INSPECTED, 24),
            confirmed("custom", 24),
            done(PACKED, 21, by_supplier=True),
            confirmed("shipment", 20),
            confirmed("delivery", 13, "two oarlocks short, noted on the delivery slip"),
        ),
    ),
    Purchase(
        name="Mainsails for twelve dinghies",
        supplier=VELAS,
        lines=(("SAIL-31", "Mainsail for the 3.1 m dinghy", 12, "pcs", "412.00"),),
        ago=34,
        ships=-3,
        arrives=4,
        acts=(
            accepted(32),
            confirmed("production_start", 25),
            done(ON_TRACK, 10, by_supplier=True),
            done(INSPECTED, 6),
            confirmed("custom", 6),
        ),
    ),
    Purchase(
        name="Masts, hollow spruce",
        supplier=NORTE,
        lines=(("MAST-31", "Mast for the 3.1 m dinghy", 12, None, "289.50"),),
        ago=3,
        ships=40,
        arrives=47,
    ),
    Purchase(
        name="Kayak covers",
        supplier=VELAS,
        lines=(("COVER-52", "Cover for kayaks up to 5.4 m", 80, "pcs", "38.75"),),
        ago=36,
        ships=-4,
        arrives=6,
        terms=("DAP", "net 45", "sea"),
        acts=(
            accepted(33),
            confirmed("production_start", 26),
            done(ON_TRACK, 12, by_supplier=True),
            done(INSPECTED, 8),
            confirmed("custom", 7, "seams are good"),
            done(PACKED, 5, by_supplier=True),
            confirmed("shipment", 4),
            rescheduled(2, 8, "the store is full until Monday"),
        ),
    ),
    Purchase(
        name="Varnish, 200 tins",
        supplier=BRONZE,
        lines=(("VARN-075", "Yacht varnish 0.75 l", 200, "tins", "17.10"),),
        ago=9,
        ships=20,
        arrives=24,
        acts=(refused(7, "we sell no varnish any more"),),
    ),
    Purchase(
        name="Survey of the old slipway",
        supplier=NORTE,
        workflow="Services",
        lines=(("", "Survey by a naval architect", 3, "days", "640.00"),),
        ago=30,
        ships=-15,
        arrives=-14,
        terms=(None, "net 14", None),
        acts=(accepted(28), done("Report and photographs", 17, by_supplier=True), confirmed("custom", 16)),
    ),
    Purchase(
        name="Hemp rope",
        supplier=VELAS,
        lines=(("ROPE-12", "Hemp rope 12 mm", 4000, "m", "1.35"),),
        ago=28,
        ships=1,
        arrives=8,
        acts=(accepted(26), canceled(12)),
    ),
    Purchase(
        name="Keel bands",
        supplier=BRONZE,
        lines=(("KEEL-2", "Keel band 2 m, brass", 90, "pcs", "22.60"),),
        ago=5,
        ships=30,
        arrives=36,
        acts=(accepted(2),),
    ),
    Purchase(
        name="Larch planking",
        supplier=VOUGA,
        lines=(("LAR-20", "Larch 20 mm", 120, "m2", "39.90"),),
        ago=4,
        ships=25,
        arrives=30,
        acts=(refused(3, "the price is last year's"), issued_again(1)),
    ),
    Purchase(
        name="Oar blanks",
        supplier=VOUGA,
        lines=(("OAR-B", "Oar blank, spruce", 150, "pcs", "19.80"),),
        ago=6,
        ships=33,
        arrives=38,
        acts=(accepted(3), taken_back(1, "accepted by mistake, the quantity is not clear")),
    ),
    Purchase(
        name="Deck compasses",
        supplier=NORTE,
        lines=(("COMPASS-B", "Deck compass, brass", 40, "pcs", "51.00"),),
        ago=1,
        ships=28,
        arrives=35,
    ),
    Purchase(
        name="Sailcloth for next season",
        supplier=VELAS,
        lines=(("CLOTH-6", "Sailcloth 6 oz", 900, "m2", "11.20"),),
        ago=2,
        ships=60,
        arrives=75,
        is_draft=True,
    ),
)
"""The most telling ones first: a small demo has only some of them."""
