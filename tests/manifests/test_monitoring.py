"""Alerts and dashboards ask only for metrics that somebody says."""

import json

from tests.manifests.monitored import SEEN, expressions, metrics
from tests.manifests.overlays import one, rendered


def test_every_metric_asked_for_is_one_that_was_seen_and_no_other_is_listed() -> None:
    asked = {title: metrics(expression) for title, expression in expressions()}
    assert all(asked.values()), "an expression without a metric"
    assert set().union(*asked.values()) == SEEN.keys()


def test_metrics_are_found_in_an_expression() -> None:
    expression = 'histogram_quantile(0.9, sum by (le, kn_a) (rate(a_b{app_id="x"}[5m]))) > c_d'
    assert metrics(expression) == {"a_b", "c_d"}


def test_there_are_three_dashboards_that_grafana_finds() -> None:
    found = [each for each in rendered("production") if each.name.startswith("dashboard-")]
    assert len(found) == 3
    for each in found:
        assert each.at("metadata", "labels", "grafana_dashboard") == "1"
        (text,) = each.at("data").values()
        panels = json.loads(text)["panels"]
        assert len({panel["title"] for panel in panels}) == len(panels) >= 4


def test_every_alert_says_how_bad_it_is_and_what_is_at_stake() -> None:
    for group in one("production", "PrometheusRule", "learnflow").at("spec", "groups"):
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("warning", "critical")
            assert rule["annotations"]["summary"].endswith(".")
