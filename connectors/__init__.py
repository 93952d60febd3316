"""The outside systems, one folder for each vendor; only `registry` knows them by name."""
