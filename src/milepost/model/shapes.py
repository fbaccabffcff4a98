"""The nested documents of an order, with every member and its default (Orders API, sections 7.2 to 7.4).

A part that is present shows all its members; doors may store only those that differ from the default. A shape
maps a member to its default, or to the shape of the part it holds (which is null by default).
"""

from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]


class Part:
    """A member that holds a document of its own; null unless given."""

    __slots__ = ("shape",)

    def __init__(self, shape: Mapping[str, Any]) -> None:
        self.shape = shape


def complete(document: Mapping[str, Any] | None, shape: Mapping[str, Any]) -> Document | None:
    """The document with all members of the shape and no others; None stays None. Lists are not shared."""
    if document is None:
        return None
    return {name: _member(document.get(name), default) for name, default in shape.items()}


def _member(value: Any, default: Any) -> Any:
    if value is default:  # most members are null and by default
        return value
    if isinstance(default, Part):
        return complete(value, default.shape)
    if value is None:
        return [] if default == [] else default
    return value


def is_blank(value: Any) -> bool:
    """Whether nothing in it says anything: every value at every depth is at its default."""
    if isinstance(value, Mapping):
        return all(map(is_blank, value.values()))
    return value is None or value is False or value == []


_GEOLOCATION = {"latitude": None, "longitude": None}

ADDRESS: Mapping[str, Any] = {
    "country": None,
    "line_1": None,
    "line_2": None,
    "line_3": None,
    "locality": None,
    "postal_code": None,
    "region": None,
    "urbanization": None,
    "residential": False,
    "geolocation": Part(_GEOLOCATION),
}

_CONTACT = {"email": None, "phone_number": None}

_BILL_TO = {
    "account_number": None,
    "billing_id": None,
    "payment_term": None,
    "billing_company_name": None,
    "billing_address": Part(ADDRESS),
    "contact": Part(_CONTACT),
}

ORDER_REQUIREMENTS: Mapping[str, Any] = {"bill_to": Part(_BILL_TO)}

SUPPLIER: Mapping[str, Any] = {
    "name": None,
    "address": Part(ADDRESS),
    "identification_codes": [],
    "phone_number": None,
    "email": None,
    "supplier_id": None,
}

_AMOUNT = {"unit": None, "value": None}
_DIMENSIONS = {"unit": None, "length": None, "width": None, "height": None}

_HAZMAT_CONTACT = {
    "system_id": None,
    "contact_type": None,
    "company_name": None,
    "person_name": None,
    "email": None,
    "phone": None,
    "fax": None,
}

_HAZMAT = {
    "identification_number": None,
    "hazard_class": None,
    "packing_group": None,
    "proper_shipping_name": None,
    "packing_instructions": None,
    "technical_name": None,
    "hazard_subsidiary_class": None,
    "emergency_contact": Part(_HAZMAT_CONTACT),
    "signatory": Part(_HAZMAT_CONTACT),
}

ITEM_REQUIREMENTS: Mapping[str, Any] = {
    "description": None,
    "identifying_marks": [],
    "references": [],
    "tare_weight": Part(_AMOUNT),
    "gross_weight": Part(_AMOUNT),
    "dimensions": Part(_DIMENSIONS),
    "volume": Part(_AMOUNT),
    "customer_reference_number": None,
    "hazmat": Part(_HAZMAT),
    "temperature": None,
    "product_id": None,
    "freight_class": None,
    "nmfc_item_code": None,
    "nmfc_sub_code": None,
    "country_of_manufacture": None,
    "stackable": False,
    "piece_type": None,
    "total_pieces": None,
    "value_per_piece": None,
    "quantity": None,
    "packaging_type": None,
    "handling_unit_id": None,
    "combined_handling_unit_info": None,
}


def item_requirements(document: Document | None) -> Document | None:
    """The shipping requirements of a line with all their members.

    Doors store either all 23, parts and all, or only what differs from the defaults: the former are given back as
    they are, since an order may have a thousand lines.
    """
    if document is None or document.keys() == ITEM_REQUIREMENTS.keys():
        return document
    return complete(document, ITEM_REQUIREMENTS)
