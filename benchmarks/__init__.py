"""The measurements behind docs/benchmarks.md: ratios from one run, side by side, never asserted by a timed test."""
