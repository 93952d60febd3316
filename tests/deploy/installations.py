"""The three ways to install the system, each as the same few facts, so that the same questions can be asked of all."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from settings import Settings
from settings.problems import secret_settings
from settings.processes import Process

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE, SYSTEMD, KUBERNETES = ROOT / "docker-compose.yml", DEPLOY / "systemd", DEPLOY / "kubernetes"
SECRETS = secret_settings(Settings.vendor_forms)
HEARTBEATS = [Process.INGEST, Process.MATCH, Process.PUSH, Process.COPY, Process.NOTIFY, Process.BEAT]
# It is the start of a container, and not one of the processes that run.
WAYS = ("compose", "kubernetes", "systemd")


@dataclass(frozen=True)
class Installed:
    """How one way of installing starts one process.

    Attributes:
        environment: what stands in the way's own files, without the settings that an operator fills in.
        files: the secret files that the process can read, by the name at their source.
        paths: where the process finds each of these files.
        stop_seconds: how long it has after the signal to stop.
    """

    process: Process
    environment: Mapping[str, str]
    files: frozenset[str]
    paths: frozenset[str]
    stop_seconds: float

    @property
    def secrets(self) -> frozenset[str]:
        """The secret settings that it is given, directly or as files."""
        names = {name.lower().removesuffix("_file") for name in self.environment}
        return frozenset(names & SECRETS)


def installed(way: str) -> dict[Process, Installed]:
    readers = {"compose": _by_compose, "kubernetes": _by_kubernetes, "systemd": _by_systemd}
    return {one.process: one for one in readers[way]()}


# --- compose ---


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return read


def _by_compose() -> Iterator[Installed]:
    for name, service in compose()["services"].items():
        if name not in set(Process):
            continue
        files = frozenset(service["secrets"])
        yield Installed(
            process=Process(name),
            environment={key: str(value) for key, value in service["environment"].items()},
            files=files,
            paths=frozenset(f"/run/secrets/{file}" for file in files),
            stop_seconds=float(service["stop_grace_period"].removesuffix("s")),
        )


# --- Kubernetes ---


def kustomize() -> list[str] | None:
    """What builds overlays here; None where there is nothing."""
    if shutil.which("kustomize"):
        return ["kustomize", "build"]
    return ["kubectl", "kustomize"] if shutil.which("kubectl") else None


@lru_cache
def objects() -> tuple[dict[str, Any], ...]:
    """Everything that the example of an overlay makes."""
    program = kustomize()
    assert program is not None
    command = [*program, str(KUBERNETES / "production")]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert not built.stderr, built.stderr
    return tuple(yaml.safe_load_all(built.stdout))


def pods() -> dict[str, dict[str, Any]]:
    """The pods that it starts, by the name of what starts them."""
    templates = {
        "Deployment": lambda spec: spec["template"],
        "Job": lambda spec: spec["template"],
        "CronJob": lambda spec: spec["jobTemplate"]["spec"]["template"],
    }
    return {
        one["metadata"]["labels"]["app.kubernetes.io/name"]: templates[one["kind"]](one["spec"])["spec"]
        for one in objects()
        if one["kind"] in templates
    }


def _by_kubernetes() -> Iterator[Installed]:
    for name, pod in pods().items():
        if name not in set(Process):
            continue
        (container,) = pod["containers"]
        volume = next(one["secret"] for one in pod["volumes"] if one["name"] == "secrets")
        mount = next(one["mountPath"] for one in container["volumeMounts"] if one["name"] == "secrets")
        yield Installed(
            process=Process(name),
            environment={one["name"]: one["value"] for one in container["env"]},
            files=frozenset(item["key"] for item in volume["items"]),
            paths=frozenset(f"{mount}/{item['path']}" for item in volume["items"]),
            stop_seconds=pod.get("terminationGracePeriodSeconds", 30),
        )


# --- systemd ---


def unit(path: Path) -> list[tuple[str, str]]:
    lines = (line for line in path.read_text().splitlines() if not line.startswith(("#", ";", "[")))
    return [(name, value) for name, found, value in (line.partition("=") for line in lines) if found]


def _by_systemd() -> Iterator[Installed]:
    template = unit(SYSTEMD / "payments@.service")
    for folder in sorted(SYSTEMD.glob("payments@*.service.d")):
        name = folder.name.removeprefix("payments@").removesuffix(".service.d")
        yield _of_units(Process(name), [*template, *(one for path in folder.glob("*.conf") for one in unit(path))])
    yield _of_units(Process.MIGRATE, unit(SYSTEMD / "payments-migrate.service"))


def _of_units(process: Process, lines: list[tuple[str, str]]) -> Installed:
    words = [word for name, value in lines if name == "Environment" for word in value.split()]
    files = frozenset(value.partition(":")[0] for name, value in lines if name == "LoadCredential")
    stop = next((value for name, value in lines if name == "TimeoutStopSec"), "90")
    return Installed(
        process=process,
        environment=dict(re.match(r"([A-Z_]+)=(.*)", word).groups() for word in words),  # type: ignore[union-attr,misc]
        files=files,
        paths=frozenset(f"%d/{file}" for file in files),
        stop_seconds=float(stop),
    )
