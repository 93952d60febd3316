"""The outside systems, one folder a vendor; only `registry` knows them by name."""
