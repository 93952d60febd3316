"""The outside systems, one folder a vendor; `registry` knows them by name, nobody else does."""
