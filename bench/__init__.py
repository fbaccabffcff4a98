"""Benchmarks of Milepost against a floor measured in the same run (docs/benchmarks.md)."""
