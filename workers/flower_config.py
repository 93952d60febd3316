"""Flower's configuration file (`--conf`): it takes the names that this leaves behind for options."""

import os

from flower.urls import settings as _web_settings

from settings import load_settings_or_exit as _load_settings
from workers.flower_view import WithWayBack as _WithWayBack
from workers.flower_view import flower_options as _options

_settings = _load_settings()
# What it keeps names organizations; its files are made with the permissions of its process.
os.umask(0o077)
try:
    globals().update(_options(_settings))
    _web_settings["template_loader"] = _WithWayBack(_web_settings["template_path"], _settings.public_address)
except ValueError as error:
    raise SystemExit(f"error: the settings cannot be used: {error}") from None
