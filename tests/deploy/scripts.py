"""Runs the scripts of deploy/."""

import subprocess
from pathlib import Path

from tests.deploy.installations import DEPLOY


def make_secrets(folder: Path) -> None:
    subprocess.run([str(DEPLOY / "make-secrets"), str(folder)], check=True, capture_output=True)
