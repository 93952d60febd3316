"""The release that this code is; a test compares it with pyproject.toml."""

VERSION = "0.2.0.dev0"
