"""A process that uses the embedded PostgreSQL, for tests that kill, race and outlive it.

Prints one JSON line when the database answers (or why it does not); releases when its standard input ends.
"""

import argparse
import json
import os
import pwd
import sys
import time
from pathlib import Path

from milepost.store import embedded
from milepost.store.embedded import install as embedded_install


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--user", help="become this user first, as an ordinary user's process would be")
    parser.add_argument("--copies", type=Path, help="where private copies of the programs go")
    parser.add_argument("--rounds", type=int, default=0, help="start and release so often, and end")
    options = parser.parse_args()
    if options.user:
        become(options.user)
    if options.copies:
        embedded_install.COPIES = options.copies
    for _ in range(options.rounds):
        embedded.start(options.data_dir).release()
    if not options.rounds:
        return serve(options.data_dir)
    return 0


def become(name: str) -> None:
    # Here and not by the parent: the interpreter may lie in a folder that the user cannot enter.
    entry = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def serve(data_dir: Path) -> int:
    begun = time.monotonic()
    said: list[str] = []
    try:
        server = embedded.start(data_dir, on_progress=said.append)
    except embedded.EmbeddedError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return 1
    seconds = time.monotonic() - begun
    facts = {
        "url": server.url,
        "pid": server.pid,
        "started": server.started,
        "seconds": seconds,
        "said": said,
    }
    print(json.dumps(facts), flush=True)
    sys.stdin.read()
    server.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
