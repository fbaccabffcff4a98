"""The worked examples of decision 20 are reckoned as they stand there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from milepost.model.calendar import Calendar
from milepost.model.timeline import deadline
from milepost.model.workflow import MaxDuration
from milepost.model.working_time import WorkingTime

PAGE = (Path(__file__).parents[2] / "docs" / "decisions" / "0020-working-time.md").read_text()
HOUR = timedelta(hours=1)


def examples() -> list[list[str]]:
    rows = PAGE.split("| zone |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_there_are_three() -> None:
    assert len(examples()) == 3


@pytest.mark.parametrize("example", examples(), ids=lambda example: example[0])
def test_a_worked_example(example: list[str]) -> None:
    name, holidays, skipped, entered, limit, due, hours = example
    country, _, subdivision = holidays.partition("-")
    calendar, zone = Calendar(name, country, subdivision or None), ZoneInfo(name)
    start, end = (
        datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC) for text in (entered, due)
    )
    rules = WorkingTime(calendar, "weekends" in skipped, "holidays" in skipped)
    assert rules.deadline(start, int(limit)) == end
    assert rules.elapsed(start, end) == int(limit)
    assert end - start == int(hours) * HOUR
    duration = MaxDuration(True, int(limit), rules.skip_weekends, rules.skip_holidays)
    assert deadline(start, duration, calendar) == end
