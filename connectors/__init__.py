"""The outside systems, one folder for each vendor; only `cards` knows them by name."""
