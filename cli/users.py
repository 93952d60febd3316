"""Users of the dashboard and API tokens: `python -m cli user ...`."""

import os
import sys
from pathlib import Path
from typing import Annotated, Never

import typer
from rich.console import Console
from rich.table import Table

from models.organizations import organization_by_slug
from models.users import tokens_of, users_with_organizations
from settings import Settings, load_settings
from tasks.context import Context
from tasks.results import Rejected
from tasks.users import (
    create_api_token,
    create_login_link,
    create_user,
    revoke_api_tokens,
    set_password,
)
