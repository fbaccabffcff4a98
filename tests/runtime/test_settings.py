"""Every setting can be set, wrong ones are refused by name, and secrets stay secret."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from milepost import settings
from milepost.settings import SettingsError
from milepost.store.embedded.install import COPIES

# What is set, and how it reads afterwards where that differs.
SAMPLES = {
    "database_url": ("postgresql://user:word@db.example:5433/orders", None),
    "data_dir": ("/srv/milepost", None),
    "base_url": ("https://orders.example/", "https://orders.example"),
    "environment": ("staging", None),
    "secret_key": ("k" * 32, None),
    "log_level": ("WARNING", "warning"),
    "clock_offset_seconds": ("-86400.5", None),
    "max_body_bytes": ("2048", None),
    "idempotency_ttl_hours": ("48", None),
    "default_api_version": ("1.5", None),
    "bulk_max_orders": ("50", None),
    "smtp_url": ("smtp://user:word@mail.example:587", None),
    "mail_from": ("Orders <orders@example.com>", None),
    "supplier_blocks_ready": ("False", "false"),
    "require_if_match": ("1", "true"),
    "strict_event_payloads": ("true", None),
    "release_documents_max": ("3", None),
    "release_document_max_bytes": ("1000", None),
    "webhook_retry_schedule": (" 0, 0.5 ,2", "0,0.5,2"),
    "webhook_retry_jitter": ("0", None),
    "webhook_timeout_seconds": ("0.5", None),
    "webhook_connect_timeout_seconds": ("1", None),
    "webhook_retry_after_max_seconds": ("60", None),
    "webhook_disable_after_seconds": ("0", None),
    "webhook_secret_overlap_seconds": ("0", None),
    "webhook_concurrency": ("2", None),
    "webhook_max_per_team": ("5", None),
    "webhook_allow_cidrs": ("127.0.0.0/8, fd00::/8", "127.0.0.0/8,fd00::/8"),
    "webhook_allow_http": ("true", None),
    "webhook_proxy_url": ("http://proxy.example:3128", None),
    "event_retention_days": ("60", None),
    "delivery_retention_days": ("7", None),
    "delivery_excerpt_retention_days": ("0", None),
}
SECRETS = {"database_url", "secret_key", "smtp_url", "webhook_proxy_url"}


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings from outside, and an empty current folder."""
    for name in os.environ:
        if name.startswith("MILEPOST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_every_setting_has_a_sample_a_sentence_and_a_group():
    assert list(SAMPLES) == list(settings.Settings.model_fields)
    for field in settings.Settings.model_fields.values():
        assert field.description
        assert field.description.endswith(".")
    assert set(settings.GROUPS.values()) <= set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("way", ["environment", "file", "dotenv", "option"])
def test_a_setting_is_read(name, way, monkeypatch, tmp_path):
    text, expected = SAMPLES[name]
    options = {}
    if way == "environment":
        monkeypatch.setenv(settings.variable(name), text)
    elif way == "file":
        (tmp_path / "value").write_text(f"{text}\n")
        monkeypatch.setenv(settings.variable(name) + "_FILE", str(tmp_path / "value"))
    elif way == "dotenv":
        (tmp_path / ".env").write_text(f'{settings.variable(name)}="{text}"\nOTHER=1\n')
    else:
        options = {name: text}
    read = settings.load(**options)
    assert settings.effective(read, masked=False)[name] == (expected or text)
    assert read.model_fields_set == {name}


def test_the_defaults_are_the_contracts():
    read = settings.load()
    assert (read.default_api_version, read.bulk_max_orders) == ("1.4", 1000)
    assert read.webhook_retry_schedule == (0, 10, 60, 300, 1800)
    assert (read.webhook_timeout_seconds, read.webhook_connect_timeout_seconds) == (10, 5)
    assert (read.environment, read.supplier_blocks_ready, read.require_if_match) == (
        "selfhosted",
        True,
        False,
    )
    assert (read.webhook_allow_cidrs, read.webhook_allow_http, read.webhook_retry_jitter) == ((), False, 0.2)
    assert (read.event_retention_days, read.delivery_retention_days) == (0, 90)


def test_the_environment_comes_before_dotenv_and_options_before_both(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("MILEPOST_BULK_MAX_ORDERS=1\nMILEPOST_MAX_BODY_BYTES=2000\n")
    monkeypatch.setenv("MILEPOST_BULK_MAX_ORDERS", "2")
    assert settings.load().bulk_max_orders == 2
    assert settings.load(bulk_max_orders=3).bulk_max_orders == 3
    assert settings.load().max_body_bytes == 2000
    (tmp_path / "three").write_text("3")
    monkeypatch.delenv("MILEPOST_BULK_MAX_ORDERS")
    monkeypatch.setenv("MILEPOST_BULK_MAX_ORDERS_FILE", "three")
    assert settings.load().bulk_max_orders == 3


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    for name in SAMPLES:
        monkeypatch.setenv(settings.variable(name), " ")
    assert settings.load().model_fields_set == set()


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError):
        settings.load().bulk_max_orders = 5


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("database_url", "mysql://user:hidden@db"),
        ("database_url", "hidden"),
        ("base_url", "ftp://a"),
        ("base_url", "https://a?b=c"),
        ("base_url", "http://"),
        ("secret_key", "hidden"),
        ("log_level", "loud"),
        ("clock_offset_seconds", "nan"),
        ("max_body_bytes", "0"),
        ("default_api_version", "1.6"),
        ("bulk_max_orders", "0"),
        ("bulk_max_orders", "1e3"),
        ("smtp_url", "http://user:hidden@mail"),
        ("smtp_url", "smtp://mail:hidden"),
        ("mail_from", "nobody"),
        ("mail_from", "a@b\r\nBcc: c@d"),
        ("require_if_match", "maybe"),
        ("webhook_retry_schedule", ","),
        ("webhook_retry_schedule", "0,-1"),
        ("webhook_retry_schedule", "0,soon"),
        ("webhook_retry_schedule", "0,inf"),
        ("webhook_retry_schedule", ",".join(["1"] * 51)),
        ("webhook_retry_jitter", "1.1"),
        ("webhook_timeout_seconds", "0"),
        ("webhook_allow_cidrs", "10.0.0.1/8"),
        ("webhook_allow_cidrs", "home"),
        ("event_retention_days", "59"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(name, text, monkeypatch):
    monkeypatch.setenv(settings.variable(name), text)
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert settings.variable(name) in str(refused.value)
    assert "hidden" not in str(refused.value)


def test_all_faults_are_told_at_once(monkeypatch):
    monkeypatch.setenv("MILEPOST_BULK_MAX_ORDERS", "x")
    monkeypatch.setenv("MILEPOST_MAX_BODY_BYTES", "y")
    with pytest.raises(SettingsError, match=r"(?s)MAX_BODY_BYTES.*BULK_MAX_ORDERS"):
        settings.load()


@pytest.mark.parametrize("where", ["environment", "dotenv"])
def test_an_unknown_variable_is_an_error_that_names_near_ones(where, monkeypatch, tmp_path):
    if where == "environment":
        monkeypatch.setenv("MILEPOST_DATABSE_URL", "x")
    else:
        (tmp_path / ".env").write_text("MILEPOST_DATABSE_URL=x\n")
    with pytest.raises(SettingsError, match=r"MILEPOST_DATABSE_URL is no setting.*MILEPOST_DATABASE_URL"):
        settings.load()


def test_the_variables_of_the_test_run_are_allowed(monkeypatch):
    monkeypatch.setenv("MILEPOST_TEST_DATABASE_URL", "x")
    monkeypatch.setenv("MILEPOST_REQUIRE_ALL", "1")
    settings.load()


def test_a_value_and_a_file_for_the_same_setting_are_refused(monkeypatch):
    monkeypatch.setenv("MILEPOST_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("MILEPOST_SECRET_KEY_FILE", "/dev/null")
    with pytest.raises(SettingsError, match="both set"):
        settings.load()


def test_a_file_that_cannot_be_read_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("MILEPOST_SECRET_KEY_FILE", str(tmp_path / "missing"))
    with pytest.raises(SettingsError, match=r"MILEPOST_SECRET_KEY_FILE: .*missing cannot be read"):
        settings.load()


def test_secrets_are_masked(monkeypatch):
    for name in SECRETS - {"secret_key"}:
        scheme = SAMPLES[name][0].partition("://")[0]
        monkeypatch.setenv(settings.variable(name), f"{scheme}://me:hidden@host.example:99/x?password=hidden")
    monkeypatch.setenv("MILEPOST_SECRET_KEY", "hidden" * 9)
    read = settings.load()
    shown = settings.effective(read)
    assert "hidden" not in f"{shown} {read!r} {read}"
    assert shown["secret_key"] == "********"
    assert shown["database_url"] == "postgresql://me:********@host.example:99/x?********"


def test_a_secret_key_is_made_once_and_for_the_owner_alone(tmp_path):
    read = settings.load(data_dir=tmp_path / "new" / "folder")
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: settings.secret_key(read), range(16)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 32
    [path] = (tmp_path / "new" / "folder").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_key_that_is_set_is_used_and_nothing_is_written(tmp_path):
    read = settings.load(data_dir=tmp_path / "none", secret_key="k" * 32)
    assert settings.secret_key(read) == b"k" * 32
    assert not (tmp_path / "none").exists()


def test_a_damaged_secret_key_is_not_replaced(tmp_path):
    (tmp_path / "secret.key").write_text("short")
    with pytest.raises(SettingsError, match=r"secret\.key"):
        settings.secret_key(settings.load(data_dir=tmp_path))
    assert (tmp_path / "secret.key").read_text() == "short"


def test_a_data_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="MILEPOST_SECRET_KEY"):
        settings.secret_key(settings.load(data_dir=tmp_path / "file" / "folder"))


def test_no_data_folder_is_where_copies_of_programs_are(monkeypatch):
    """The data folder is its owner's alone; the copies of PostgreSQL's programs must be reached by another user."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert settings.default_data_dir() not in (COPIES, *COPIES.parents)
    assert COPIES not in settings.default_data_dir().parents
