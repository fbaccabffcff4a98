"""Kinds of values (section 4): what is read, which code a fault has, and that the schema says the same."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.http.scalars import choice, flag, text
from milepost.http.values import Kind, Member, Wrong, list_of, members, nullable, wrong
from milepost.kit.ids import ulid
from milepost.surfaces.orders_api.open_values import (
    MOST_CUSTOM_BYTES,
    MOST_OPEN_BYTES,
    custom_data,
    open_array,
    open_object,
)
from milepost.surfaces.orders_api.refusals import MOST_FAULTS, Refusal
from milepost.surfaces.orders_api.scalars import (
    day,
    decimal,
    email,
    identifier,
    instant,
    integer,
    matching,
    number,
)
from milepost.surfaces.orders_api.values import read_body, read_patch

decode = msgspec.json.Decoder(float_hook=Decimal).decode


def code_of(kind: Kind, value: Any) -> str | None:
    """The code of the one fault that the kind finds; None when it reads the value."""
    try:
        kind.read(value)
    except Wrong as found:
        ((_, code, _),) = found.faults
        return code
    return None


def read_json(kind: Kind, raw: str) -> Any:
    return kind.read(decode(raw))


def test_text_is_kept_verbatim_and_bounded() -> None:
    assert text().read(" a ß ") == " a ß "
    assert text().read("") == ""
    assert text(3).read("äöü") == "äöü"
    assert code_of(text(3), "abcd") == "too_long"
    assert text().read("x" * 1000) == "x" * 1000
    assert code_of(text(), "x" * 1001) == "too_long"
    others: list[Any] = [1, Decimal("1.5"), True, [], {}]
    for other in others:
        assert code_of(text(), other) == "wrong_type"


def test_filled_text_is_not_blank() -> None:
    """O-3: blanks only is `too_short`."""
    assert text(filled=True).read(" a ") == " a "
    for blank in ("", " ", "\t\n", "\u2003"):
        assert code_of(text(filled=True), blank) == "too_short"


def test_matching_text() -> None:
    kind = matching("[a-z0-9-]{1,4}", 4, "is odd")
    assert kind.read("a-1") == "a-1"
    assert code_of(kind, "A") == "invalid_value"
    assert code_of(kind, "a\n") == "invalid_value"
    assert code_of(kind, "aaaaa") == "too_long"
    assert code_of(kind, " ") == "too_short"
    assert code_of(kind, 1) == "wrong_type"


@pytest.mark.parametrize("good", ["a@b", "ap@birchline.example", "o'x+1@x-y.example", "ü@ü.example"])
def test_email(good: str) -> None:
    assert email().read(good) == good


@pytest.mark.parametrize(
    "bad", ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b c", "a@b\n", "a\r@b", "a\x7f@b", "a@" + "b" * 253]
)
def test_bad_email(bad: str) -> None:
    assert code_of(email(), bad) == "invalid_email"


def test_email_of_254_characters_and_other_types() -> None:
    assert email().read("a@" + "b" * 252) == "a@" + "b" * 252
    assert code_of(email(), 1) == "wrong_type"


DECIMALS = [
    ('"640.50"', "640.50"),
    ("640.50", "640.50"),
    ("662", "662"),
    ("0", "0"),
    ("0.0", "0.0"),
    ('"007"', "007"),
    ("1e2", "100"),
    ("1.5E3", "1500"),
    ("1.50e1", "15.0"),
    ("25e-3", "0.025"),
    ("1E-10", "0.0000000001"),
    ("99999999999999999999.9999999999", "99999999999999999999.9999999999"),
    ('"99999999999999999999"', "99999999999999999999"),
    ("99999999999999999999", "99999999999999999999"),
    ("1e19", "10000000000000000000"),
]


@pytest.mark.parametrize(("raw", "digits"), DECIMALS)
def test_decimals_keep_their_digits(raw: str, digits: str) -> None:
    """O-15."""
    assert read_json(decimal(), raw) == digits


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ('"abc"', "invalid_value"),
        ('""', "invalid_value"),
        ('" 1"', "invalid_value"),
        ('"1."', "invalid_value"),
        ('".5"', "invalid_value"),
        ('"+1"', "invalid_value"),
        ('"1e2"', "invalid_value"),
        ('"1,5"', "invalid_value"),
        ('"\u0661"', "invalid_value"),
        ('"1\\n"', "invalid_value"),
        ('"123456789012345678901"', "invalid_value"),
        ('"0.12345678901"', "invalid_value"),
        ("123456789012345678901", "invalid_value"),
        ("0.12345678901", "invalid_value"),
        ("1e20", "invalid_value"),
        ("1e-11", "invalid_value"),
        ("1e400", "invalid_value"),
        ("1e-400", "invalid_value"),
        ("1e99999999", "invalid_value"),
        ("-1e99999999", "invalid_value"),
        ("0e99999999", "invalid_value"),
        ('"NaN"', "invalid_value"),
        ('"Infinity"', "invalid_value"),
        ('"-1"', "out_of_range"),
        ("-1", "out_of_range"),
        ("-0.5", "out_of_range"),
        ('"-0.5"', "out_of_range"),
        ("true", "wrong_type"),
        ("[]", "wrong_type"),
        ("{}", "wrong_type"),
    ],
)
def test_bad_decimals(raw: str, code: str) -> None:
    """O-15: `"-1"` is `out_of_range`, `"abc"` is `invalid_value`."""
    assert code_of(decimal(), decode(raw)) == code


@given(st.from_regex(r"(0|[1-9][0-9]{0,19})(\.[0-9]{1,10})?", fullmatch=True))
def test_a_decimal_reads_the_same_as_string_and_as_number(digits: str) -> None:
    assert read_json(decimal(), f'"{digits}"') == digits
    assert read_json(decimal(), digits) == digits


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**25), st.booleans())
def test_a_decimal_keeps_its_value_or_is_refused(value: Decimal, exponent: bool) -> None:
    raw = f"{value:e}" if exponent else f"{value:f}"
    try:
        digits = read_json(decimal(), raw)
    except Wrong:
        return
    assert Decimal(digits) == Decimal(raw)
    assert "E" not in digits.upper()


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("3", 3),
        ('"3"', 3),
        ("0", 0),
        ('"0000000000003"', 3),
        ("2147483647", 2147483647),
        ('"2147483647"', 2147483647),
        ("3.0", 3),
        ("3e2", 300),
    ],
)
def test_integers(raw: str, value: int) -> None:
    """O-15: `quantity` 3 and `"3"`."""
    found = read_json(integer(), raw)
    assert found == value
    assert type(found) is int


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("-1", "out_of_range"),
        ('"-1"', "out_of_range"),
        ("2147483648", "out_of_range"),
        ('"2147483648"', "out_of_range"),
        ('"99999999999999999999999999999999"', "out_of_range"),
        ("1e99999999", "out_of_range"),
        ("-1e99999999", "out_of_range"),
        ("99999999999999999999999999", "out_of_range"),
        ("1.5", "wrong_type"),
        ("1e-99999999", "wrong_type"),
        ("true", "wrong_type"),
        ("[]", "wrong_type"),
        ('"x"', "invalid_value"),
        ('""', "invalid_value"),
        ('"1.0"', "invalid_value"),
        ('" 1"', "invalid_value"),
        ('"\u0663"', "invalid_value"),
    ],
)
def test_bad_integers(raw: str, code: str) -> None:
    assert code_of(integer(), decode(raw)) == code


def test_digits_without_end_are_out_of_range() -> None:
    assert code_of(integer(), "1" * 100_000) == "out_of_range"
    assert integer().read("0" * 100_000 + "7") == 7


def test_flags() -> None:
    assert flag().read(True) is True
    assert flag().read(False) is False
    others: list[Any] = [0, 1, "true", [], {}]
    for other in others:
        assert code_of(flag(), other) == "wrong_type"


@pytest.mark.parametrize(
    ("raw", "value"),
    [("43.6568", 43.6568), ("-90", -90.0), ("90.0", 90.0), ("1e-99999999", 0.0), ("9E1", 90.0)],
)
def test_numbers(raw: str, value: float) -> None:
    found = read_json(number(-90, 90), raw)
    assert found == value
    assert type(found) is float


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("90.0000001", "out_of_range"),
        ("-91", "out_of_range"),
        ("1e99999999", "out_of_range"),
        ('"43"', "wrong_type"),
        ("true", "wrong_type"),
        ("[]", "wrong_type"),
    ],
)
def test_bad_numbers(raw: str, code: str) -> None:
    assert code_of(number(-90, 90), decode(raw)) == code


@pytest.mark.parametrize(
    "sent", ["2026-06-20", "2026-06-20T00:00:00Z", "2026-06-20T02:00:00+02:00", "2026-06-20T00:00"]
)
def test_dates(sent: str) -> None:
    """O-13."""
    found = day().read(sent)
    assert found == date(2026, 6, 20)
    assert type(found) is date


@pytest.mark.parametrize(
    "sent",
    [
        "2026-06-20T05:00:00Z",
        "2026-06-20T00:00:00+02:00",
        "2026-06-20T00:00:00.000001Z",
        "2026-02-30",
        "20260620",
        "",
        "x",
        "0000-01-01",
        "2026-6-1",
        "2026-06-20T24:00:00Z",
    ],
)
def test_bad_dates(sent: str) -> None:
    """O-13: `2026-06-20T05:00:00Z` is refused."""
    assert code_of(day(), sent) == "invalid_date"
    assert code_of(day(), 20260620) == "wrong_type"


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("2026-06-29T12:00:00Z", datetime(2026, 6, 29, 12, tzinfo=UTC)),
        ("2026-06-29T12:00:00", datetime(2026, 6, 29, 12, tzinfo=UTC)),
        ("2026-06-29T14:00:00+02:00", datetime(2026, 6, 29, 12, tzinfo=UTC)),
        ("2026-06-29T12:00:00.000001-00:00", datetime(2026, 6, 29, 12, 0, 0, 1, tzinfo=UTC)),
        ("2026-06-29T12:00:00.123456789Z", datetime(2026, 6, 29, 12, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_instants(sent: str, found: datetime) -> None:
    assert instant().read(sent) == found
    assert instant().read(sent).tzinfo is UTC


@pytest.mark.parametrize(
    "sent", ["", "noon", "2026-06-31T12:00:00Z", "2026-06-29T25:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_bad_instants(sent: str) -> None:
    assert code_of(instant(), sent) == "invalid_datetime"
    assert code_of(instant(), 1751198400) == "wrong_type"


def test_choices_heed_letter_case() -> None:
    assert choice("DISPATCHED", "DELIVERED").read("DELIVERED") == "DELIVERED"
    assert code_of(choice("DELIVERED"), "delivered") == "invalid_value"
    assert code_of(choice("DELIVERED"), 1) == "wrong_type"
    assert code_of(choice("DELIVERED"), ["DELIVERED"]) == "wrong_type"


def test_ids_in_either_spelling() -> None:
    house = "019ec501-f416-7d93-97d2-9b7d8967d9a6"
    for spelled in (house, house.upper(), ulid(house), ulid(house).lower()):
        assert identifier().read(spelled) == house
    assert code_of(identifier(), "MP-1") == "invalid_id"
    assert code_of(identifier(), "") == "invalid_id"
    assert code_of(identifier(), 7) == "wrong_type"


def test_lists_are_counted_before_their_elements_are_read() -> None:
    kind = list_of(text(3), at_most=2, at_least=1)
    assert kind.read(["a", "b"]) == ["a", "b"]
    assert code_of(kind, ["a", "b", 7]) == "too_many"
    assert code_of(kind, []) == "too_short"
    assert code_of(kind, {"0": "a"}) == "wrong_type"
    assert code_of(kind, "ab") == "wrong_type"
    assert code_of(kind, [None]) == "wrong_type"
    assert list_of(text(), at_most=2).read([]) == []


THING = members(
    Member(name="name", kind=text(5, filled=True), required=True),
    Member(name="amount", kind=members(Member(name="value", kind=decimal(), required=True))),
    Member(name="parts", kind=list_of(members(Member(name="n", kind=integer(), required=True)), at_most=9)),
    Member(name="data", kind=custom_data()),
)


def faults_of(read: Any, body: Any) -> list[tuple[str | None, str]]:
    with pytest.raises(Refusal) as refused:
        read(THING, body)
    assert refused.value.status == 400
    assert {fault.place for fault in refused.value.faults} == {"body"}
    return [(fault.field, fault.code) for fault in refused.value.faults]


def test_all_faults_are_found_each_with_its_dotted_path() -> None:
    body = {"name": " ", "amount": {}, "parts": [{"n": 1}, {"n": -1}, 3, {}], "data": 5, "other": object()}
    assert faults_of(read_body, body) == [
        ("name", "too_short"),
        ("amount.value", "required"),
        ("parts.1.n", "out_of_range"),
        ("parts.2", "wrong_type"),
        ("parts.3.n", "required"),
        ("data", "invalid_custom_data"),
    ]


def test_null_is_left_out_and_unknown_keys_are_ignored_at_every_depth() -> None:
    body: dict[str, Any] = {
        "name": "x",
        "amount": {"value": "1", "else": 2},
        "parts": None,
        "id": [],
        "groups": {"a": 1},
    }
    assert read_body(THING, body) == {"name": "x", "amount": {"value": "1"}}
    assert faults_of(read_body, {"name": None}) == [("name", "required")]


@pytest.mark.parametrize("body", [None, [], "x", 3, True])
def test_a_body_that_is_no_object(body: Any) -> None:
    assert faults_of(read_body, body) == [(None, "wrong_type")]
    assert faults_of(read_patch, body) == [(None, "wrong_type")]


def test_at_most_100_faults_are_told() -> None:
    many = members(*[Member(name=f"n{n}", kind=text(), required=True) for n in range(150)])
    with pytest.raises(Refusal) as refused:
        read_body(many, {})
    assert len(refused.value.faults) == MOST_FAULTS == 100


def test_a_patch_is_judged_by_what_it_says() -> None:
    """Null resets, nothing is demanded, objects are parts; arrays are whole."""
    assert read_patch(THING, {}) == {}
    said = read_patch(THING, {"amount": {}, "parts": None, "data": None, "else": 1})
    assert said == {"amount": {}, "parts": None, "data": None}
    patch = {"name": None, "amount": {"value": None}, "parts": [{"n": None}, {}], "data": 1}
    assert faults_of(read_patch, patch) == [
        ("name", "required"),
        ("amount.value", "required"),
        ("parts.0.n", "required"),
        ("parts.1.n", "required"),
        ("data", "invalid_custom_data"),
    ]


def test_what_is_built_may_be_refused() -> None:
    def build(said: dict[str, Any]) -> int:
        if said["n"] > 5:
            raise wrong("invalid_value", "is large", "n")
        return int(said["n"])

    kind = members(Member(name="n", kind=integer(), required=True), build=build)
    assert kind.read({"n": "5"}) == 5
    with pytest.raises(Wrong) as found:
        list_of(kind, at_most=3).read([{"n": 1}, {"n": 6}])
    assert found.value.faults == [((1, "n"), "invalid_value", "is large")]


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def test_open_objects_and_arrays_are_kept_within_bounds() -> None:
    value = {"a": [1, Decimal("1.50"), None, True, {"b": "ü"}]}
    assert open_object().read(value) is value
    assert open_array().read([value]) == [value]
    assert code_of(open_object(), []) == "wrong_type"
    assert code_of(open_array(), {}) == "wrong_type"
    assert open_object().read(nested(10)) == nested(10)
    assert code_of(open_object(), nested(11)) == "invalid_value"
    assert code_of(open_array(), [nested(10)]) == "invalid_value"
    fits = {"a": "x" * (MOST_OPEN_BYTES - 8)}
    assert open_object().read(fits) == fits
    assert code_of(open_object(), {"a": "x" * (MOST_OPEN_BYTES - 7)}) == "too_long"
    assert code_of(open_object(), {"a": "ü" * (MOST_OPEN_BYTES // 2)}) == "too_long"


def test_depth_without_end_is_refused_and_not_walked() -> None:
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    for kind in (open_array(), open_object(), custom_data()):
        with pytest.raises(Wrong):
            kind.read(deep if kind.schema["type"] == "array" else {"a": deep})
    while deep:
        deep = deep[0]


def test_numbers_count_as_the_database_writes_them() -> None:
    """A number with an exponent is stored with all its digits; what would fill the disk is refused."""
    many = "[" + ",".join(["1e300"] * 50) + "]"
    assert len(read_json(open_array(), many)) == 50
    assert code_of(open_array(), decode("[" + ",".join(["1e300"] * 60) + "]")) == "too_long"
    assert code_of(open_array(), decode("[" + ",".join(["1e-300"] * 60) + "]")) == "too_long"
    for endless in ("1e400", "1e99999999", "-1e99999999", "1e-401", "0e-99999999", "1" * 401):
        assert code_of(open_array(), decode(f"[{endless}]")) == "invalid_value", endless
    assert read_json(open_array(), "[1e399, 1e-400, 0.000001]") is not None


def test_custom_data_as_object_and_as_string() -> None:
    """O-12."""
    assert custom_data().read({"a": {"b": [1, None]}}) == {"a": {"b": [1, None]}}
    assert custom_data().read('{"a": {"b": [1.10, null]}}') == {"a": {"b": [Decimal("1.10"), None]}}
    assert str(custom_data().read('{"a": 1.10}')["a"]) == "1.10"
    assert custom_data().read({}) == {}
    assert custom_data().read({"shipwell_custom_data": 1}) == {"shipwell_custom_data": 1}
    fifty = {f"k{n}": n for n in range(50)}
    assert custom_data().read(json.dumps(fifty)) == fifty
    assert custom_data().read({"k" * 40: 1}) == {"k" * 40: 1}


@pytest.mark.parametrize(
    "bad",
    [
        *(
            "[1]",
            "3",
            '"x"',
            "null",
            "",
            "{",
            '{"a": 1',
            '{"a": NaN}',
            3,
            True,
            [],
            "[" * 100_000,
            "1" * 5000,
        ),
        '{"a": 1e99999999999999999999}',
        json.dumps({f"k{n}": n for n in range(51)}),
        json.dumps({"k" * 41: 1}),
        {f"k{n}": n for n in range(51)},
        {"k" * 41: 1},
        nested(11),
        {"a": "x" * MOST_CUSTOM_BYTES},
    ],
    ids=lambda bad: repr(bad)[:20],
)
def test_bad_custom_data(bad: Any) -> None:
    """O-12."""
    assert code_of(custom_data(), bad) == "invalid_custom_data"


def test_custom_data_hides_no_u0000() -> None:
    assert code_of(custom_data(), r'{"a": ["x\u0000"]}') == "invalid_characters"
    assert code_of(custom_data(), r'{"a\u0000": 1}') == "invalid_characters"
    assert custom_data().read(r'{"a": "\\u0000"}') == {"a": r"\u0000"}


def test_a_patch_of_custom_data_counts_what_it_adds() -> None:
    dropped: dict[str, Any] = {f"{n}" + "k" * 60: None for n in range(60)}
    assert custom_data().patch({**dropped, "a": {"b": None}}) == {"a": {}}
    assert custom_data().patch('{"a": null}') == {"a": None}
    with pytest.raises(Wrong):
        custom_data().patch({f"k{n}": n for n in range(51)})
    with pytest.raises(Wrong):
        custom_data().patch({"a": nested(10)})


def test_nullable_schemas() -> None:
    assert nullable({"type": "string"}) == {"type": ["string", "null"]}
    assert nullable({"type": ["string", "number"]}) == {"type": ["string", "number", "null"]}
    assert nullable({"type": "string", "enum": ["A"]}) == {
        "anyOf": [{"type": "string", "enum": ["A"]}, {"type": "null"}]
    }


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", " ", "A", "12", "a@b.c", "x" * 300, "2026-01-01"])
    | st.decimals(-200, 10**21, places=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "amount", "value", "parts", "n"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KINDS = {
    "text": text(),
    "filled": text(5, filled=True),
    "slug": matching("[a-z0-9-]{1,64}", 64, ""),
    "decimal": decimal(),
    "integer": integer(),
    "flag": flag(),
    "number": number(-90, 90),
    "choice": choice("A", "B"),
    "list": list_of(text(5), at_most=2, at_least=1),
    "array": open_array(),
    "object": open_object(),
    "thing": members(
        Member(name="name", kind=text(5, filled=True), required=True),
        Member(name="amount", kind=members(Member(name="value", kind=decimal(), required=True))),
        Member(name="parts", kind=list_of(integer(), at_most=2)),
    ),
}


_TYPES = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
    "integer",  # a number whose fraction is zero is one (JSON Schema, validation 6.1.1)
    lambda _, value: isinstance(value, int | Decimal) and not isinstance(value, bool) and value % 1 == 0,
)
Described = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=_TYPES)


@pytest.mark.parametrize("name", KINDS)
@given(value=json_values.filter(lambda value: value is not None))
def test_the_schema_says_what_is_read(name: str, value: Any) -> None:
    kind = KINDS[name]
    described = Described(kind.schema).is_valid(value)
    try:
        kind.read(value)
    except Wrong:
        assert not described
    else:
        assert described


@given(value=json_values.filter(lambda value: value is not None))
def test_the_schema_of_a_patch_says_what_is_read(value: Any) -> None:
    kind = KINDS["thing"]
    described = Described(kind.patch_schema).is_valid(value)
    try:
        kind.patch(value)
    except Wrong:
        assert not described
    else:
        assert described
