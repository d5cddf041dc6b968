"""A test of somebody's own tool with Python's client of Kubernetes, as its documentation shows it: client.py KUBECONFIG.
Prints what it has seen as one object of JSON."""
import json
import select
import sys
import time

from kubernetes import client, config, dynamic, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import portforward, stream

config.load_kube_config(sys.argv[1])
core = client.CoreV1Api()
seen = {}


def names(found):
    return [item.metadata.name for item in found.items]


def refusal(call, *args, **options):
    try:
        call(*args, **options)
    except ApiException as error:
        return error.status


seen["list"] = names(core.list_namespaced_pod("default", label_selector="app=web"))
seen["deployments"] = names(client.AppsV1Api().list_namespaced_deployment("default"))
seen["refused"] = refusal(core.list_namespaced_pod, "default", field_selector="spec.color=red")

body = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "made"},
    "spec": {"containers": [{"name": "c", "image": "busybox", "command": ["sh", "-c", "echo hello; exec sleep 300"]}]},
}
seen["created"] = core.create_namespaced_pod("default", body).status.phase
seen["twice"] = refusal(core.create_namespaced_pod, "default", body)
events = []
for event in watch.Watch().stream(core.list_namespaced_pod, "default", field_selector="metadata.name=made"):
    events.append(event["type"] + " " + event["object"].status.phase)
    if event["object"].status.phase == "Running":
        break
seen["patched"] = core.patch_namespaced_pod("made", "default", {"metadata": {"labels": {"x": "y"}}}).metadata.labels
while "hello" not in core.read_namespaced_pod_log("made", "default"):
    time.sleep(0.01)

command = ["sh", "-c", "echo out; exit 3"]
ran = stream(core.connect_get_namespaced_pod_exec, "made", "default", command=command, stderr=True, stdin=False,
             stdout=True, tty=False, _preload_content=False)
ran.run_forever(timeout=30)
seen["exec"] = [ran.read_stdout(), ran.returncode]

pods = dynamic.DynamicClient(core.api_client).resources.get(api_version="v1", kind="Pod")
body["metadata"]["labels"] = {"x": "z"}


def apply(force):
    # As text: of an object this client does not know how to send it.
    return pods.server_side_apply(name="made", body=json.dumps(body), namespace="default", field_manager="me", force_conflicts=force)


try:
    apply(False)
except dynamic.exceptions.ConflictError as error:
    seen["conflict"] = error.status
seen["applied"] = dict(apply(True).metadata.labels)

forward = portforward(core.connect_get_namespaced_pod_portforward, "web-1", "default", ports="80")
socket = forward.socket(80)
socket.sendall(b"hello")
select.select([socket], [], [], 30)
seen["forwarded"] = socket.recv(100).decode()
socket.close()

# The log of a pod that ends ends.
lines = watch.Watch().stream(core.read_namespaced_pod_log, "made", "default")
log = [next(lines)]
core.delete_namespaced_pod("made", "default")
log.extend(lines)
seen["log"] = log
deadline = time.time() + 30
while refusal(core.read_namespaced_pod, "made", "default") != 404 and time.time() < deadline:
    time.sleep(0.01)
seen["gone"] = refusal(core.read_namespaced_pod, "made", "default")
seen["events"] = events
print(json.dumps(seen))
