"""The Helm chart: linted and rendered by Helm's own engine, each object held against the types of
the Kubernetes API."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from kubernetes import client

from tests.docker.conftest import ROOT

CHART = str(ROOT / "docker/helm/philo")
LINT = f"""
import json, helm_python as helm
print(json.dumps(helm.lint({CHART!r})))
"""
RENDER = f"""
import json, sys, helm_python as helm
with helm.Chart.load({CHART!r}) as chart:
    print(json.dumps(chart.render(json.load(sys.stdin), name="demo", namespace="philo")))
"""
VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "all else": {
        "host": "philo.example",
        "image": {"digest": f"sha256:{'0' * 64}"},
        "api": {"replicas": 3, "gpus": 1},
        "chroma": {"enabled": False},
        "data": {"existingClaim": "documents"},
        "models": {"pull": False, "existingClaim": "models"},
        "settings": {"PHILO_RETRIEVAL__PASSAGES": "6"},
        "ingress": {"className": "nginx", "annotations": {"a/b": "c"}},
        "imagePullSecrets": [{"name": "registry"}],
        "nodeSelector": {"disk": "ssd"},
        "networkPolicy": {
            name: [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]
            for name in ("workerEgress", "apiEgress")
        },
    },
}
TYPES = {
    "Deployment": client.V1Deployment,
    "StatefulSet": client.V1StatefulSet,
    "Job": client.V1Job,
    "Service": client.V1Service,
    "PersistentVolumeClaim": client.V1PersistentVolumeClaim,
    "PodDisruptionBudget": client.V1PodDisruptionBudget,
    "NetworkPolicy": client.V1NetworkPolicy,
    "Ingress": client.V1Ingress,
}


@pytest.fixture(scope="module")
def render(with_tools):
    made: dict[str, list[dict[str, Any]]] = {}

    def objects(values: dict[str, Any]) -> list[dict[str, Any]]:
        ingress = {"trustedProxies": ["10.244.0.0/16"], **values.get("ingress", {})}
        key = json.dumps({**values, "ingress": ingress})
        if key not in made:
            files = json.loads(with_tools(RENDER, key))
            made[key] = [one for text in files.values() for one in yaml.safe_load_all(text) if one]
        return made[key]

    return objects


def check(value: Any, kind: str, where: str) -> None:
    """Every field is one of the API's, of its type, and none that it needs is missing."""
    if kind.startswith("list["):
        assert isinstance(value, list), f"{where} is no list"
        for number, one in enumerate(value):
            check(one, kind[5:-1], f"{where}[{number}]")
    elif kind.startswith("dict("):
        assert isinstance(value, dict), f"{where} is no mapping"
        for key, one in value.items():
            check(one, kind[5:-1].split(", ")[1], f"{where}.{key}")
    elif hasattr(client, kind):
        model = getattr(client, kind)
        names = {there: here for here, there in model.attribute_map.items()}
        assert isinstance(value, dict), f"{where} is no {kind}"
        unknown = set(value) - set(names)
        assert not unknown, f"{where}: {kind} has no {unknown}"
        for key, one in value.items():
            check(one, model.openapi_types[names[key]], f"{where}.{key}")
        # The model's constructor refuses what lacks a required field.
        model(**{names[key]: one for key, one in value.items()})
    elif kind == "str":
        assert isinstance(value, str), f"{where} is {value!r}, not text"
    elif kind == "int":
        assert isinstance(value, int), f"{where} is {value!r}, not a whole number"
        assert not isinstance(value, bool), where
    elif kind == "bool":
        assert isinstance(value, bool), f"{where} is {value!r}, not true or false"


def pods(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in objects:
        if one["kind"] in {"Deployment", "StatefulSet", "Job"}:
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]


def test_helm_lints_the_chart_without_a_complaint(with_tools):
    told = json.loads(with_tools(LINT))
    assert told["errors"] == []
    assert {one["error"] for one in told["messages"]} <= {"icon is recommended"}


@pytest.mark.parametrize("values", VARIANTS.values(), ids=list(VARIANTS))
def test_every_object_is_one_of_the_kubernetes_api(render, values):
    objects = render(values)
    for one in objects:
        check(one, TYPES[one["kind"]].__name__, one["metadata"]["name"])
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]
    assert len(names) == len(set(names))


def test_a_wrong_field_a_wrong_type_and_a_missing_field_are_found(render):
    deployment = next(one for one in render({}) if one["kind"] == "Deployment")
    for change in (
        {"replicsa": 1},
        {"replicas": "1"},
        {"template": {"spec": {"containers": [{"image": "x"}]}}},
        {"template": {"spec": {"containers": "api"}}},
    ):
        with pytest.raises((AssertionError, ValueError)):
            check({**deployment, "spec": {**deployment["spec"], **change}}, "V1Deployment", "it")


@pytest.mark.parametrize("values", VARIANTS.values(), ids=list(VARIANTS))
def test_each_pod_is_confined(render, values):
    found = dict(pods(render(values)))
    assert {"demo-api", "demo-worker", "demo-page"} <= set(found)
    for name, pod in found.items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert {"cpu", "memory"} <= set(container["resources"]["limits"]), name
            for variable in container.get("env", []):
                assert not any(word in variable["name"] for word in ("PASSWORD", "KEY", "DATABASE"))


def test_what_serves_has_probes_and_a_disruption_budget(render):
    objects = render({})
    found = dict(pods(objects))
    for name in ("demo-api", "demo-page", "demo-chroma"):
        (container,) = found[name]["containers"]
        assert {"livenessProbe", "readinessProbe"} <= set(container)
    budgets = {one["metadata"]["name"] for one in objects if one["kind"] == "PodDisruptionBudget"}
    assert budgets == {"demo-api", "demo-page", "demo-worker"}


def test_services_budgets_and_policies_choose_pods_that_are_there(render):
    objects = render({})
    labels = [
        one["spec"]["template"]["metadata"]["labels"]
        for one in objects
        if one["kind"] in {"Deployment", "StatefulSet", "Job"}
    ]
    for one in objects:
        spec = one["spec"]
        chosen = {
            "Service": lambda spec=spec: spec["selector"],
            "PodDisruptionBudget": lambda spec=spec: spec["selector"]["matchLabels"],
            "NetworkPolicy": lambda spec=spec: spec["podSelector"]["matchLabels"],
            "Deployment": lambda spec=spec: spec["selector"]["matchLabels"],
        }.get(one["kind"], lambda: None)()
        if chosen is not None:
            assert any(chosen.items() <= own.items() for own in labels), one["metadata"]["name"]


def test_it_has_to_be_said_from_where_the_ingress_controller_calls(render):
    with pytest.raises(AssertionError, match=r"ingress\.trustedProxies"):
        render({"ingress": {"trustedProxies": []}})
    found = dict(pods(render({})))
    for name in ("demo-api", "demo-page"):
        (container,) = found[name]["containers"]
        told = {one["name"]: one["value"] for one in container["env"]}
        assert told["PHILO_ACCESS__TRUSTED_PROXIES"] == "10.244.0.0/16"


def test_a_backup_has_a_place_that_can_be_written(render):
    found = dict(pods(render({})))
    (container,) = found["demo-api"]["containers"]
    mounts = {one["mountPath"]: one for one in container["volumeMounts"]}
    assert not mounts["/var/lib/philo-backups"].get("readOnly", False)


def test_chroma_is_reached_by_the_api_and_workers_alone(render):
    objects = render({})
    policies = {
        one["metadata"]["name"]: one["spec"] for one in objects if one["kind"] == "NetworkPolicy"
    }
    (rule,) = policies["demo-chroma-in"]["ingress"]
    parts = {
        one["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for one in rule["from"]
    }
    assert parts == {"api", "worker"}
    assert policies["demo-nothing"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policies["demo-nothing"]
    (ingress,) = [one for one in objects if one["kind"] == "Ingress"]
    backends = {
        path["path"]: path["backend"]["service"]["name"]
        for path in ingress["spec"]["rules"][0]["http"]["paths"]
    }
    assert backends == {
        "/api": "demo-api",
        "/v1": "demo-api",
        "/account": "demo-api",
        "/": "demo-page",
    }


@pytest.mark.parametrize(
    "values",
    [
        {"host": ""},
        {"host": "https://philo.example"},
        {"image": {"digest": "latest"}},
        {"settings": {"retrieval": "x"}},
        {"api": {"replicas": 0}},
    ],
)
def test_wrong_values_are_refused(with_tools, values):
    with pytest.raises(AssertionError, match="HelmValuesError"):
        with_tools(RENDER, json.dumps(values))
