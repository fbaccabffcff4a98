"""One truth: random acts on all surfaces, and what must hold after each."""

import pytest

pytest.register_assert_rewrite(
    *(f"tests.one_truth.{name}" for name in ("desk", "folding", "looking", "statuses")),
    "tests.surfaces.test_one_truth",
)
