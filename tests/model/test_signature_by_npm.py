"""model.signature, judged by the independent `standardwebhooks` package of npm (Orders API, section 17.2)."""

import base64
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from milepost.kit.tokens import new_webhook_secret
from milepost.model.signature import sign, signature_header
from tests.node import NODE, install_packages

JUDGE = """
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const judged = JSON.parse(readFileSync(0, "utf8")).map(({ secret, body, headers }) => {
  try {
    return new Webhook(secret).verify(Buffer.from(body, "base64"), headers);
  } catch (error) {
    return error.message;
  }
});
console.log(JSON.stringify(judged));
"""
SECRET, ROTATED = new_webhook_secret(), new_webhook_secret()
MESSAGE_ID = "01KV5BPHJAF6Y8R5CH0DSZ0FVT"
DOCUMENTS: list[Any] = [
    {"id": MESSAGE_ID, "event_name": "order.updated", "sequence": 4},
    {"name": 'Ångström "quoted" 墨 🚣 \u2028 \x7f', "amount": 640.5, "nothing": None, "deep": [[{}]]},
]


def judge(folder: Path, cases: list[dict[str, Any]]) -> list[Any]:
    """What the library makes of each case: the document when it verifies, else its complaint."""
    install_packages(folder)
    (folder / "judge.mjs").write_text(JUDGE)
    done = subprocess.run(
        [NODE, "judge.mjs"],
        cwd=folder,
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return json.loads(done.stdout)


def case(document: Any, signatures: str, timestamp: int, *, secret: str = SECRET) -> dict[str, Any]:
    headers = {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signatures,
    }
    return {"secret": secret, "body": base64.b64encode(encoded(document)).decode(), "headers": headers}


def encoded(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def test_it_verifies(tmp_path: Path) -> None:
    """O-51: signatures verify with an independent library."""
    now = int(time.time())
    cases = [case(one, sign(SECRET, MESSAGE_ID, now, encoded(one)), now) for one in DOCUMENTS]
    assert judge(tmp_path, cases) == DOCUMENTS


@pytest.mark.parametrize("kept", [SECRET, ROTATED], ids=["the old secret", "the new secret"])
def test_both_secrets_verify_while_both_sign(tmp_path: Path, kept: str) -> None:
    """O-52: during the overlap of a rotation either secret verifies."""
    now, document = int(time.time()), DOCUMENTS[0]
    signatures = signature_header([ROTATED, SECRET], MESSAGE_ID, now, encoded(document))
    assert judge(tmp_path, [case(document, signatures, now, secret=kept)]) == [document]


def test_what_was_changed_fails(tmp_path: Path) -> None:
    """O-51: one changed byte, id or timestamp fails; so does what is old."""
    now, document = int(time.time()), DOCUMENTS[0]
    good = sign(SECRET, MESSAGE_ID, now, encoded(document))
    other_id = case(document, good, now)
    other_id["headers"]["webhook-id"] = MESSAGE_ID[:-1] + "V"
    old = sign(SECRET, MESSAGE_ID, now - 360, encoded(document))
    assert judge(
        tmp_path,
        [
            case({**document, "sequence": 5}, good, now),
            other_id,
            case(document, good, now + 1),
            case(document, good, now, secret=ROTATED),
            case(document, old, now - 360),
        ],
    ) == [*["No matching signature found"] * 4, "Message timestamp too old"]
