"""Forms as they arrive: what is read, what is refused, and that every bound holds (contract, section 11.1)."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.http.multipart import Bounds, Malformed, Part, TooManyParts, boundary, read_form
from milepost.http.request import BodyTooLarge

BOUNDS = Bounds(parts=3, field_bytes=10, file_bytes=20)


async def chunked(raw: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), size):
        yield raw[start : start + size]


async def read(raw: bytes, *, size: int = 1000, bounds: Bounds = BOUNDS) -> list[Part]:
    return await read_form(b"b7", chunked(raw, size), bounds)


def one(disposition: str, content: bytes = b"x", *headers: str) -> bytes:
    lines = [f"Content-Disposition: {disposition}", *headers]
    return b"--b7\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


FIELD = one('form-data; name="data"', b'{"a": 1}')
END = b"--b7--\r\n"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
async def test_parts_in_their_order_however_they_arrive(size):
    raw = FIELD + one(
        'form-data; name="documents"; filename="a.pdf"',
        b"\r\n--b\x00\r\n--b7x",
        "Content-Type: application/pdf",
    )
    raw += one('form-data; name="documents"; filename=""', b"") + END
    assert await read(raw, size=size) == [
        Part("data", None, "text/plain", b'{"a": 1}'),
        Part("documents", "a.pdf", "application/pdf", b"\r\n--b\x00\r\n--b7x"),
        Part("documents", "", "application/octet-stream", b""),
    ]


async def test_what_another_library_writes():
    form = aiohttp.MultipartWriter("form-data", boundary="b7")
    for name, content in (("data", b"{}"), ("documents", b"\x00\xff")):
        part = form.append(content, {"Content-Type": "application/x-thing; v=1"})
        part.set_content_disposition("form-data", name=name, filename=f"{name} ü.bin", quote_fields=False)

    class Written(bytearray):
        async def write(self, chunk: Any) -> None:
            self.extend(chunk)

    written = Written()
    await form.write(written)  # type: ignore[arg-type]
    assert await read(bytes(written)) == [
        Part("data", "data ü.bin", "application/x-thing; v=1", b"{}"),
        Part("documents", "documents ü.bin", "application/x-thing; v=1", b"\x00\xff"),
    ]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ('filename="a%22b.pdf"', 'a"b.pdf'),
        (r'filename="a\"b.pdf"', 'a"b.pdf'),
        ('filename="a; b=c.pdf"', "a; b=c.pdf"),
        ("filename=bare.pdf", "bare.pdf"),
        ('filename="a%0D%0Ab"', "a%0D%0Ab"),
        ("filename=\"ok.pdf\"; filename*=UTF-8''other.pdf", "ok.pdf"),
    ],
)
async def test_file_names(sent, name):
    (part,) = await read(one(f'form-data; name="documents"; {sent}') + END)
    assert part.file_name == name


async def test_an_empty_form():
    assert await read(b"--b7--\r\n") == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"--b7",
        b"--b7\r\n",
        b"nonsense",
        b"--b8--\r\n",
        FIELD,
        FIELD + b"--b7\r\n",
        FIELD[:-20],
        one("form-data") + END,
        one('attachment; name="data"') + END,
        b"--b7\r\n\r\nx\r\n" + END,
        b"--b7\r\nContent Disposition: x\r\n\r\nx\r\n" + END,
        b"--b7\r\n: x\r\n\r\nx\r\n" + END,
        one('form-data; name="data"', b"x", "Content-Type: nonsense") + END,
        one('form-data; name="data"', b"x", "Content-Type: a/b\x00") + END,
        one('form-data; name="data"', b"x", "Content-Type: a/" + "b" * 300) + END,
        one('form-data; name="a\x00"') + END,
        one('form-data; name="a"; filename="a\x01"') + END,
        one(f'form-data; name="{"a" * 1001}"') + END,
        one('form-data; name="data"', b"x", *[f"X-{number}: y" for number in range(50)]) + END,
        one('form-data; name="data"', b"x", "X-Long: " + "y" * 100_000) + END,
        b'--b7\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n' + END,
    ],
)
@pytest.mark.parametrize("size", [3, 200_000])
async def test_what_is_no_form(raw, size):
    with pytest.raises(Malformed) as caught:
        await read(raw, size=size)
    assert str(caught.value)


async def test_bounds():
    file = 'form-data; name="documents"; filename="a"'
    assert len(await read(one('form-data; name="a"', b"x" * 10) + one(file, b"x" * 20) + END)) == 2
    for raw in (one('form-data; name="a"', b"x" * 11), one(file, b"x" * 21)):
        with pytest.raises(BodyTooLarge):
            await read(raw + END, size=5)
    assert len(await read(FIELD * 3 + END)) == 3
    with pytest.raises(TooManyParts):
        await read(FIELD * 4 + END)


async def test_nothing_is_read_past_a_bound():
    came = []

    async def endless() -> AsyncIterator[bytes]:
        yield one('form-data; name="documents"; filename="a"', b"x" * 15)[:-2]
        while True:
            came.append(1)
            yield b"x" * 6

    with pytest.raises(BodyTooLarge):
        await read_form(b"b7", endless(), BOUNDS)
    assert len(came) == 1


@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from([b"--b7", b"\r\n", b"--", FIELD, b'x="', b": "])).map(b"".join)
)
async def test_no_bytes_are_an_accident(raw):
    try:
        await read(raw, size=17)
    except (Malformed, TooManyParts, BodyTooLarge):
        return


@pytest.mark.parametrize(
    ("content_type", "found"),
    [
        (b"multipart/form-data; boundary=b7", b"b7"),
        (b'multipart/form-data; charset=utf-8; Boundary="b 7"', b"b 7"),
        (b"multipart/form-data", None),
        (b"multipart/form-data; boundary=", None),
        (b"multipart/form-data; boundary=" + b"b" * 70, b"b" * 70),
        (b"multipart/form-data; boundary=" + b"b" * 71, None),
    ],
)
def test_boundaries(content_type, found):
    assert boundary(content_type) == found
