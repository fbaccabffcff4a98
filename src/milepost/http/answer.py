"""An answer on its way out."""

from msgspec import Struct

from milepost.http.request import Send

Headers = list[tuple[bytes, bytes]]

JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")


class Answer(Struct, gc=False):
    """Status, headers and the whole body, ready to be sent."""

    status: int
    body: bytes
    headers: Headers


async def send_answer(answer: Answer, send: Send) -> None:
    answer.headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})
