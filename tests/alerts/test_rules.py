"""Alerts, panels and runbook, held to what is really told: a scrape of a real application, promtool, and each other.

promtool evaluates the rules where it is installed. Everywhere, every name and every value of a label that a rule or a
panel asks for must exist in a scrape: a rule about a figure that nobody tells never fires.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import simplejson
import yaml
from prometheus_client.parser import text_string_to_metric_families

from domain.reasons import Reason
from settings import Settings
from tests.alerts.eventful import made_eventful
from tests.pages import ROOT, RUNBOOK
from tests.web.applications import application
from tests.web.browser import Browser
from tests.world import World, open_world

PROMETHEUS = ROOT / "deploy/prometheus"
DASHBOARD = ROOT / "deploy/grafana/dashboards/external-payments-sync.json"
PROMTOOL = shutil.which("promtool")
GROUPS = yaml.safe_load((PROMETHEUS / "rules.yml").read_text())["groups"]
RULES = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}
CASES = yaml.safe_load((PROMETHEUS / "rules_test.yml").read_text())["tests"]
PANELS = [panel for panel in simplejson.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]
ASKED = {
    **{f"alert {name}": rule["expr"] for name, rule in RULES.items()},
    **{f"panel {panel['title']}": target["expr"] for panel in PANELS for target in panel["targets"]},
}
_WORDS = {
    "max",
    "min",
    "sum",
    "count",
    "by",
    "on",
    "and",
    "or",
    "absent",
    "time",
    "rate",
    "increase",
    "delta",
    "topk",
} | {
    "histogram_quantile",
    "vector",
}
# Labels that Prometheus itself adds to whatever it scrapes.
_FROM_PROMETHEUS = {"instance", "job"}

Told = dict[str, list[dict[str, str]]]


def selectors(expression: str) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Every figure that an expression asks for, with its matchers."""
    without_labels = re.sub(r"\b(by|on)\s*\([^)]*\)", " ", expression)
    for name, matchers in re.findall(
        r"([a-z][a-z_0-9]*)\b(?!\s*\()(?:\{([^}]*)\})?", re.sub(r"\[\w+\]", "", without_labels)
    ):
        if name not in _WORDS:
            yield name, re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers)


def labels_named(expression: str) -> set[str]:
    groups = re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression)
    return {label.strip() for group in groups for label in group.split(",") if label.strip()}


def fits(labels: dict[str, str], matchers: list[tuple[str, str, str]]) -> bool:
    ways = {
        "=": lambda value, wanted: value == wanted,
        "!=": lambda value, wanted: value != wanted,
        "=~": lambda value, wanted: re.fullmatch(wanted, value) is not None,
        "!~": lambda value, wanted: re.fullmatch(wanted, value) is None,
    }
    return all(ways[how](labels.get(name, ""), wanted) for name, how, wanted in matchers)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A scrape of an installation to which everything has happened that a rule asks about."""
    return _scraped(tmp_path_factory.mktemp("alerts"))


def _scraped(folder: Path) -> Told:
    from models.database import upgrade

    url = f"sqlite:///{folder}/alerts.sqlite"
    upgrade(url)
    with open_world(url) as world:
        made_eventful(world, folder)
        return _told_by(world)


def _told_by(world: World) -> Told:
    settings = Settings(_env_file=None, redis_url="redis://127.0.0.1:1/0")
    text = Browser(application(world.context, settings)).get("/metrics").text
    found: Told = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


# --- what is asked for is told ---


@pytest.mark.parametrize("asked", ASKED)
def test_every_figure_that_is_asked_for_is_in_a_scrape(told: Told, asked: str) -> None:
    found = list(selectors(ASKED[asked]))
    assert found
    for name, matchers in found:
        assert name in told, f"nobody tells {name}"
        assert any(fits(labels, matchers) for labels in told[name]), (name, matchers, told[name][:20])
    known = {label for name, _ in found for labels in told[name] for label in labels} | _FROM_PROMETHEUS
    assert labels_named(ASKED[asked]) <= known


def test_every_figure_that_is_told_is_on_the_dashboard(told: Told) -> None:
    shown = {name for panel in PANELS for target in panel["targets"] for name, _ in selectors(target["expr"])}
    ours = {name for name in told if not name.startswith(("python_", "process_")) and not name.endswith("_created")}
    # A histogram's sum and count are told with its buckets.
    assert ours - shown - {"call_seconds_sum", "call_seconds_count"} == set()


def test_a_reason_in_a_rule_is_one_that_exists() -> None:
    named = {
        reason
        for expression in ASKED.values()
        for _, matchers in selectors(expression)
        for label, _, value in matchers
        if label == "reason"
        for reason in value.split("|")
    }
    assert named
    assert named <= {reason.value for reason in Reason}


# --- the rules ---


def test_every_rule_says_how_urgent_it_is_and_where_to_read_on() -> None:
    for name, rule in RULES.items():
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}, name
        assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}, name
        assert rule["annotations"]["runbook_url"].endswith(f"}}}}#{name.lower()}"), name


def test_where_no_figure_comes_a_rule_says_so() -> None:
    """Of every rule that compares a figure from the database; all of these come together or not at all."""
    guards = [rule["expr"] for group in GROUPS if group["name"] == "guards" for rule in group["rules"]]
    assert sum(expression.count("absent(") for expression in guards) >= 8
    for name in ("BeatStopped", "SweepStopped"):
        assert "absent(" in RULES[name]["expr"]


def test_every_rule_has_a_case_that_fires_and_one_that_does_not() -> None:
    names = [case["name"] for case in CASES]
    assert {name.removesuffix(" fires") for name in names if name.endswith(" fires")} == RULES.keys()
    assert {name.removesuffix(" keeps quiet") for name in names if name.endswith(" keeps quiet")} == RULES.keys()


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (it comes with Prometheus)")
@pytest.mark.slow
@pytest.mark.proof
@pytest.mark.parametrize(
    "command", [["check", "config", "prometheus.yml"], ["test", "rules", "rules_test.yml"]], ids=" ".join
)
def test_promtool_finds_nothing_wrong(command: list[str]) -> None:
    ran = subprocess.run([str(PROMTOOL), *command], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


# --- the dashboard ---


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    dashboard = simplejson.loads(DASHBOARD.read_text())
    assert dashboard["uid"] == "external-payments-sync"
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in dashboard["panels"])
    provider = yaml.safe_load((ROOT / "deploy/grafana/provisioning/dashboards/external-payments-sync.yml").read_text())
    assert provider["providers"][0]["type"] == "file"
    source = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    assert source["datasources"][0]["type"] == "prometheus"


# --- the runbook ---


def entries() -> dict[str, str]:
    parts = re.split(r"^### (\w+)$", RUNBOOK.read_text(), flags=re.MULTILINE)
    return {name: text.split("\n## ")[0] for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_every_alert_has_its_entry_and_no_entry_is_left_over() -> None:
    assert entries().keys() == RULES.keys()


@pytest.mark.parametrize("name", RULES)
def test_an_entry_says_when_it_fires_what_to_look_at_and_what_to_do(name: str) -> None:
    entry, rule = entries()[name], RULES[name]
    [expression] = re.findall(r"```promql\n(.*?)```", entry, re.DOTALL)
    assert "".join(expression.split()) == "".join(rule["expr"].split())
    after = f"after {rule['for']}." if "for" in rule else "at once."
    assert f"{rule['labels']['severity'].capitalize()}, {after}" in entry
    for part in ("**Look at** ", "**Do** "):
        assert re.search(re.escape(part) + r"\S.{20,}", entry.replace("\n", " ")), part


def test_every_reason_has_its_row_with_a_threshold_and_a_way_on() -> None:
    table = RUNBOOK.read_text().split("\n## Reasons\n")[1]
    rows = re.findall(r"^\| \[`(\w+)`\]\(operations\.md#(\w+)\) \| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    assert [name for name, *_ in rows] == [reason.value for reason in Reason]
    assert all(name == anchor and alarm and look for name, anchor, alarm, look in rows)
