"""The operator's job without its analysis, in Kopf: reads the text from the report's ConfigMap and writes a status that was prepared for it.

As lean as Kopf gets: low-level event handlers, so that no annotation of its own has to be written; no events; no peering; one session for
all requests. STATUSES is the folder with the prepared statuses, CONCURRENCY how many reports are worked on at a time. Run by the benchmark
of the cluster with `kopf run`.
"""

import asyncio
import hashlib
import json
import os
import ssl
from pathlib import Path

import aiohttp
import kopf
import yaml

GROUP, VERSION, PLURAL = "confreports.dev", "v1alpha1", "conferencereports"
CONCURRENCY = int(os.environ["CONCURRENCY"])
STATUSES = {path.name.removesuffix(".json"): json.loads(path.read_text("utf-8")) for path in Path(os.environ["STATUSES"]).iterdir()}


class Api:
    """Two requests to the Kubernetes API, as a kubeconfig with a token says."""

    def __init__(self, kubeconfig):
        config = yaml.safe_load(Path(kubeconfig).read_text("utf-8"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.places = asyncio.Semaphore(CONCURRENCY)
        self.session = aiohttp.ClientSession(
            base_url=cluster["server"],
            headers={"Authorization": f"Bearer {user['token']}"},
            connector=aiohttp.TCPConnector(limit=CONCURRENCY, ssl=ssl.create_default_context(cafile=cluster["certificate-authority"])),
        )

    async def config_map(self, namespace, name):
        async with self.session.get(f"/api/v1/namespaces/{namespace}/configmaps/{name}") as answer:
            answer.raise_for_status()
            return await answer.json()

    async def write(self, namespace, name, status):
        body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "ConferenceReport", "metadata": {"name": name, "namespace": namespace}, "status": status}
        async with self.session.patch(
            f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{PLURAL}/{name}/status?fieldManager=kopf&force=true",
            # The patch is read as YAML, which does not know JSON's way of escaping what lies beyond 16 bits.
            data=json.dumps(body, ensure_ascii=False).encode("utf-8"),
            headers={"Content-Type": "application/apply-patch+yaml"},
        ) as answer:
            answer.raise_for_status()
            await answer.read()


@kopf.on.startup()
async def prepare(settings, memo, **_):
    settings.posting.enabled = False
    settings.scanning.disabled = True
    memo.api = Api(os.environ["KUBECONFIG"])


@kopf.on.cleanup()
async def close(memo, **_):
    await memo.api.session.close()


@kopf.on.login()
def login(**arguments):
    return kopf.login_with_kubeconfig(**arguments)


@kopf.index(GROUP, VERSION, PLURAL)
def by_map(namespace, name, spec, **_):
    reference = spec.get("source", {}).get("configMapRef")
    return {(namespace, reference["name"]): name} if reference else None


@kopf.on.event(GROUP, VERSION, PLURAL)
async def report_changed(type, namespace, name, spec, meta, status, memo, **_):
    if type == "DELETED" or status.get("observedGeneration") == meta["generation"]:
        return
    await handle(memo.api, namespace, name, spec["source"]["configMapRef"]["name"])


@kopf.on.event("v1", "configmaps")
async def map_changed(type, namespace, name, memo, by_map, **_):
    if type != "MODIFIED":
        return
    for report in by_map.get((namespace, name), []):
        await handle(memo.api, namespace, report, name)


async def handle(api, namespace, name, map_name):
    async with api.places:
        config_map = await api.config_map(namespace, map_name)
        key, text = next(iter(config_map["data"].items()))
        text = text.encode("utf-8")
        source = {
            "kind": "ConfigMap",
            "revision": f"sha256:{hashlib.sha256(text).hexdigest()}",
            "bytes": len(text),
            "configMap": {"uid": config_map["metadata"]["uid"], "resourceVersion": config_map["metadata"]["resourceVersion"]},
        }
        await api.write(namespace, name, {**STATUSES[key], "source": source})
