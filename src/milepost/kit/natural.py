"""Natural sorting as a stored key, so that the database can sort and index it byte by byte."""

import re

_DIGITS = re.compile(r"[0-9]+")


def natural_key(text: str) -> str:
    """A key whose code-point order is the natural order of `text` (Status API, section 8).

    Runs of digits compare as whole numbers, everything else without letter case: `#9` < `#10` < `#10-b` <
    `#K2`. A run becomes `0`, the number of its digits without leading zeros in four places, and the digits;
    since only runs start with a digit, they keep their place among other characters.
    """
    return _DIGITS.sub(_number, text.casefold())


def _number(run: re.Match[str]) -> str:
    digits = run.group().lstrip("0")
    return f"0{len(digits):04d}{digits}"
