"""`apply`, `export-workspace` and `keys` as a script meets them: stdout, stderr, exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from milepost import cli
from milepost.kit import tokens
from milepost.model.actor import PERMISSIONS

from .test_file import HARBOUR


@pytest.fixture
def milepost(databases, monkeypatch):
    """Runs the command line against a database of its own, one command after the other."""
    url = databases.make()
    for name in ("MILEPOST_DATABASE_URL", "MILEPOST_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    runner = CliRunner()

    def run(*arguments: str, code: int = 0, stdin: bytes = b""):
        result = runner.invoke(cli.app, [*arguments, "--database-url", url], input=stdin)
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def harbour(tmp_path) -> str:
    path = tmp_path / "harbour.yaml"
    path.write_bytes(HARBOUR)
    return str(path)


def test_apply_answers_with_every_id(milepost, harbour):
    made = json.loads(milepost("apply", harbour, "--json").stdout)
    assert {key: list(value) for key, value in made.items() if isinstance(value, dict)} == {
        "team": ["id", "name"],
        "statuses": ["Hull laid", "Varnish", "Waiting for customer", "Gift wrapped"],
        "sub_status_options": ["Varnish coats/First coat", "Varnish coats/Second coat"],
        "workflows": ["Standard", "Build"],
        "milestones": [
            *(
                f"Standard/{name}"
                for name in ("Order accepted", "Production started", "Shipped", "Delivered")
            ),
            *(f"Build/{name}" for name in ("Order accepted", "Production start", "Shipped", "Delivered")),
        ],
    }
    assert list(made) == [
        "team",
        "statuses",
        "sub_status_options",
        "workflows",
        "milestones",
        "created",
        "changed",
        "unchanged",
    ]
    assert (made["created"], made["changed"], made["unchanged"]) == (16, 1, 0)
    again = json.loads(milepost("apply", harbour, "--json").stdout)
    assert again == {**made, "created": 0, "changed": 0, "unchanged": 16}


def test_apply_tells_people_what_it_did(milepost, harbour):
    first = milepost("apply", harbour, "--dry-run")
    assert first.stderr == "Nothing was written: this was a dry run.\n"
    lines = first.stdout.splitlines()
    assert lines[0] == "Team Harbour Works"
    assert "  create  status            Varnish" in lines
    assert lines[-1] == "16 created, 1 changed, 0 unchanged, 4 not in the file and left alone"
    assert milepost("apply", harbour).stdout == first.stdout
    second = milepost("apply", harbour)
    assert second.stdout.splitlines() == [
        "Team Harbour Works",
        "0 created, 0 changed, 16 unchanged, 5 not in the file and left alone",
    ]
    assert second.stderr == ""


def test_a_dry_run_gives_no_ids_to_what_is_not_there(milepost, harbour):
    planned = json.loads(milepost("apply", harbour, "--dry-run", "--json").stdout)
    assert planned["team"] == {"id": None, "name": "Harbour Works"}
    assert planned["statuses"]["Varnish"] is None
    assert {"action": "create", "kind": "status", "name": "Varnish", "fields": {}} in planned["changes"]
    made = json.loads(milepost("apply", harbour, "--json").stdout)
    Path(harbour).write_bytes(HARBOUR.replace(b"#B5651D", b"#000000").replace(b"9000/sms", b"9000/s3cret"))
    planned = json.loads(milepost("apply", harbour, "--dry-run", "--json").stdout)
    assert planned["statuses"] == made["statuses"]
    assert planned["changes"] == [
        {
            "action": "change",
            "kind": "status",
            "name": "Varnish",
            "fields": {"color": {"old": "#B5651D", "new": "#000000"}},
        },
        {
            "action": "change",
            "kind": "channel",
            "name": "sms",
            "fields": {"url": {"old": "json://...", "new": "json://..."}},
        },
    ]


def test_a_faulty_file_fails_with_all_its_lines(milepost, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("team: {name: A}\nstatuses:\n- {name: B, colour: red}\n- {name: C, workflow: Ghost}\n")
    result = milepost("apply", str(path), code=1)
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "milepost: The workspace cannot be made so",
        "  line 3, statuses[0].colour: unknown key; did you mean color? The keys here are name, color, "
        "order, public_name, use_public_name, independent, addon, workflow, sub_status_group, notifications, "
        "max_duration, shopify_order_effect",
        "  line 4, statuses[1].workflow: there is no workflow 'Ghost'; there are Standard",
    ]
    path.write_text("team: {name: A")
    assert milepost("apply", str(path), code=1).stderr.startswith(
        "milepost: The file cannot be read\n  line 1: is not YAML: "
    )
    assert "cannot be read: No such file" in milepost("apply", str(tmp_path / "none.yaml"), code=2).stderr
    assert milepost("keys", "list", "--team", "A", code=3).stderr == "milepost: Team 'A' not found\n"


def test_which_team_is_meant(milepost, harbour, tmp_path):
    nameless = tmp_path / "nameless.yaml"
    nameless.write_text("statuses: [{name: Packed}]")
    no_team = "milepost: There is no team yet; make one with: milepost apply FILE\n"
    assert milepost("apply", str(nameless), code=2).stderr == no_team
    assert milepost("export-workspace", code=2).stderr == no_team
    milepost("apply", harbour)
    assert "Packed" in json.loads(milepost("apply", str(nameless), "--json").stdout)["statuses"]
    other = json.loads(milepost("apply", harbour, "--team", "Other yard", "--json").stdout)
    assert other["team"]["name"] == "Other yard" and other["created"] == 16
    several = "milepost: There are several teams; choose one with --team: Harbour Works, Other yard\n"
    assert milepost("export-workspace", code=2).stderr == several
    assert milepost("apply", str(nameless), code=2).stderr == several
    assert milepost("keys", "create", "--name", "N", "--all-permissions", code=2).stderr == several
    assert milepost("export-workspace", "--team", "Nobody", code=3).stdout == ""


def test_the_export_applied_back_changes_nothing(milepost, harbour, tmp_path):
    milepost("apply", harbour)
    for flags, name in (((), "out.yaml"), (("--json",), "out.json")):
        path = tmp_path / name
        path.write_text(milepost("export-workspace", *flags).stdout)
        counts = json.loads(milepost("apply", str(path), "--json", "--prune").stdout)
        assert {key: counts[key] for key in ("created", "changed", "unchanged", "removed")} == {
            "created": 0,
            "changed": 0,
            "unchanged": 21,
            "removed": 0,
        }


def test_a_file_may_come_by_standard_input(milepost):
    assert json.loads(milepost("apply", "-", "--json", stdin=HARBOUR).stdout)["created"] == 16


def test_a_key_is_shown_once_and_works_by_its_hash(milepost, harbour):
    team = json.loads(milepost("apply", harbour, "--json").stdout)["team"]
    result = milepost(
        "keys",
        "create",
        "--name",
        "Till",
        "--permissions",
        "canViewStatuses, canViewOrders",
        "--rate-minute",
        "0",
        "--rate-day",
        "7",
        "--pin-version",
        "1.2",
        "--expires",
        "2099-01-31",
        "--test",
        "--json",
    )
    made = json.loads(result.stdout)
    assert tokens.is_key(made["key"]) and made["key"].startswith("mp_test_")
    assert {**made, "id": 0, "key": 0, "created_at": 0} == {
        "id": 0,
        "key": 0,
        "team_id": team["id"],
        "name": "Till",
        "permissions": ["canViewOrders", "canViewStatuses"],
        "rate_minute": 0,
        "rate_day": 7,
        "pin_version": "1.2",
        "created_at": 0,
        "expires_at": "2099-01-31T00:00:00Z",
    }
    listed = milepost("keys", "list", "--json")
    assert made["key"] not in listed.stdout
    [key] = json.loads(listed.stdout)["keys"]
    assert (key["id"], key["team"], key["prefix"], key["revoked_at"]) == (
        made["id"],
        "Harbour Works",
        made["key"][:12],
        None,
    )


def test_the_text_form_prints_the_key_alone(milepost, harbour):
    milepost("apply", harbour)
    result = milepost("keys", "create", "--name", "All", "--all-permissions")
    assert tokens.is_key(result.stdout.strip()) and result.stdout.count("\n") == 1
    [key] = json.loads(milepost("keys", "list", "--json").stdout)["keys"]
    assert key["permissions"] == list(PERMISSIONS) and len(key["permissions"]) == 9
    useless = milepost("keys", "create", "--name", "None", "--expires", "2020-01-01")
    assert "It opens nothing" in useless.stderr and "It has expired already." in useless.stderr
    states = [line.split("  ")[2].strip() for line in milepost("keys", "list").stdout.splitlines()]
    assert states == ["open", "expired"]


def test_revoking(milepost, harbour):
    milepost("apply", harbour)
    key_id = json.loads(milepost("keys", "create", "--name", "N", "--all-permissions", "--json").stdout)["id"]
    first = json.loads(milepost("keys", "revoke", key_id.upper(), "--json").stdout)
    assert first["revoked_at"] is not None
    again = milepost("keys", "revoke", key_id, "--json")
    assert json.loads(again.stdout) == first
    assert again.stderr == f"Key {key_id} was revoked already.\n"
    for unknown in ("nonsense", "01a20c5a-25c5-7c38-9daa-eebd4a9fada4"):
        assert (
            milepost("keys", "revoke", unknown, code=3).stderr == f"milepost: API key {unknown!r} not found\n"
        )


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--permissions", "canFly"], "Unknown permission canFly; the choices are canViewOrders, "),
        (["--permissions", "canViewOrders", "--all-permissions"], "exclude each other"),
        (["--pin-version", "2.0"], "Unknown version '2.0'; the choices are 1.0, 1.1, 1.2, 1.3, 1.4, 1.5"),
        (["--expires", "soon"], "--expires 'soon' is no date; write 2027-01-31"),
        (["--rate-minute", "-1"], "--rate-minute"),
        (["--rate-day", "2147483647"], "--rate-day"),
    ],
)
def test_a_key_asked_for_wrongly_is_a_usage_error(milepost, harbour, arguments, what):
    milepost("apply", harbour)
    result = milepost("keys", "create", "--name", "N", *arguments, code=2)
    assert what in result.stderr and result.stdout == ""
    assert json.loads(milepost("keys", "list", "--json").stdout) == {"keys": []}


def test_without_a_database_the_service_is_unavailable(harbour, monkeypatch):
    monkeypatch.delenv("MILEPOST_DATABASE_URL", raising=False)
    url = "postgresql://nobody@127.0.0.1:1/none"
    result = CliRunner().invoke(cli.app, ["apply", harbour, "--database-url", url])
    assert (result.exit_code, result.stdout) == (69, "")
