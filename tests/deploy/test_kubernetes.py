"""The manifests: built by kustomize, held against Kubernetes' own schemas, and asked the questions of a reviewer."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from sqlalchemy import text

from settings.processes import Process
from tasks.catch_up.step import catch_up
from tasks.ingest.step import ingest
from tasks.match.step import match
from tasks.push.step import push
from tests.deploy.installations import HEARTBEATS, KUBERNETES, ROOT, kustomize, objects, pods
from tests.servers import PostgresqlDatabases
from tests.web.applications import without_database
from tests.web.browser import Browser
from tests.world import World, open_world

pytestmark = pytest.mark.skipif(
    kustomize() is None and not os.environ.get("CI"), reason="neither kustomize nor kubectl is here"
)


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in objects() if one["kind"] == kind}


def test_they_are_what_kubernetes_says_they_are() -> None:
    checked = 0
    for one in objects():
        if "keda.sh" not in one["apiVersion"]:
            kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
            checked += 1
    assert checked > 25


def test_every_pod_would_be_let_into_a_namespace_that_is_restricted() -> None:
    namespace = of_kind("Namespace")["payments"]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for name, pod in pods().items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert {"cpu", "memory"} <= container["resources"]["limits"].keys() & container["resources"][
                "requests"
            ].keys()


def test_the_process_itself_gets_the_signals_in_its_pod() -> None:
    """The image's entry point ends in exec; a command of the pod's own would stand before it."""
    for name, pod in pods().items():
        if name in set(Process) - {"migrate"}:
            (container,) = pod["containers"]
            assert "command" not in container, name
            assert container["args"] == [name]


def test_a_pod_begins_once_the_database_has_been_upgraded() -> None:
    for name, pod in pods().items():
        waiting = [one["command"] for one in pod.get("initContainers", [])]
        begins_by_itself = name in {"flower", "migrate", "backup"}
        assert waiting == ([] if begins_by_itself else [["python", "-m", "cli", "database", "wait"]]), name


def test_a_worker_is_asked_by_the_age_of_a_file() -> None:
    for name, pod in pods().items():
        probes = {kind: one for kind, one in pod["containers"][0].items() if kind.endswith("Probe")}
        if name in HEARTBEATS:
            assert probes.keys() == {"startupProbe", "livenessProbe"}, name
            assert {tuple(one["exec"]["command"]) for one in probes.values()} == {("deploy/alive",)}, name
        elif name in {"web", "flower"}:
            assert "readinessProbe" in probes, name
            assert "exec" not in str(probes), name


def test_a_database_that_is_away_keeps_callers_from_the_door_and_makes_nobody_restart_it(
    tmp_path: Path,
) -> None:
    web = pods()["web"]["containers"][0]
    asked = {kind: web[kind]["httpGet"]["path"] for kind in ("readinessProbe", "livenessProbe")}
    with without_database(tmp_path) as app:
        answered = {kind: Browser(app).get(path).status_code for kind, path in asked.items()}
    assert answered == {"readinessProbe": 503, "livenessProbe": 200}


def test_there_is_one_clock_and_the_old_one_ends_first() -> None:
    beat = of_kind("Deployment")["beat"]["spec"]
    assert (beat["replicas"], beat["strategy"]["type"]) == (1, "Recreate")


def test_nothing_may_call_anything_but_for_what_a_policy_allows() -> None:
    policies = of_kind("NetworkPolicy")
    nothing = policies["nothing"]["spec"]
    assert nothing == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}

    def chosen(policy: str) -> set[str]:
        return set(policies[policy]["spec"]["podSelector"]["matchExpressions"][0]["values"])

    everything = set(pods())
    assert chosen("messages") == everything - {"migrate", "backup"}
    assert chosen("database") == everything - {"flower"}
    assert chosen("outside") == everything - {"beat", "flower", "migrate", "backup"}
    assert chosen("callers") == {"web", "flower"}


def test_a_drained_node_takes_one_pod_of_a_kind_after_the_other() -> None:
    for name, budget in of_kind("PodDisruptionBudget").items():
        assert budget["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": name}
        assert name in pods()
    assert of_kind("PodDisruptionBudget").keys() == {"web", "ingest", "match", "push", "copy", "notify"}


def test_a_worker_that_is_scaled_has_no_number_that_a_rollout_would_set_back() -> None:
    for name, one in of_kind("ScaledObject").items():
        assert one["spec"]["scaleTargetRef"] == {"name": name}
        assert one["spec"]["minReplicaCount"] >= 1, "without a worker nobody sweeps"
        assert "replicas" not in of_kind("Deployment")[name]["spec"], name


def test_the_settings_count_the_workers_that_there_may_be() -> None:
    """Each keeps to its share of the rate limits while Redis is away: more workers than that would call too often."""
    callers = {"ingest", "match", "push", "copy"}
    most = sum(one["spec"]["maxReplicaCount"] for name, one in of_kind("ScaledObject").items() if name in callers)
    settings = (KUBERNETES / "production/settings.env").read_text()
    assert int(re.search(r"^LIMIT_PROCESSES=(\d+)$", settings, re.MULTILINE)[1]) == most + 1  # type: ignore[index]


def test_an_overlay_without_keda_is_one_as_well() -> None:
    assert "scaling" not in (KUBERNETES / "base/kustomization.yaml").read_text()
    assert (ROOT / "deploy/kubernetes/production/kustomization.yaml").read_text().count("../scaling\n") == 1


# --- how many there are ---


@pytest.fixture
def world(postgresql_databases: PostgresqlDatabases) -> Iterator[World]:
    with postgresql_databases.fresh() as url, open_world(url) as opened:
        yield opened


def test_the_queries_count_the_lanes_that_have_due_work(world: World) -> None:
    triggers = {name: one["spec"]["triggers"][0]["metadata"] for name, one in of_kind("ScaledObject").items()}

    def counted() -> dict[str, int]:
        with world.context.database.reading() as session:
            found = {name: session.execute(text(one["query"])).scalar_one() for name, one in triggers.items()}
        return {name: number for name, number in found.items() if number}

    assert triggers.keys() == {"ingest", "match", "push", "copy", "notify"}
    assert counted() == {}
    world.pay("100.00", (world.invoice("INV-1", "100.00"), "100.00"))
    catch_up(world.context, world.source_id)
    assert counted() == {"ingest": 1}
    ingest(world.context, world.source_id)
    assert counted() == {"match": 1}
    match(world.context, world.organization_id)
    assert counted() == {"push": 1}
    push(world.context, world.target_id)
    assert counted() == {}
