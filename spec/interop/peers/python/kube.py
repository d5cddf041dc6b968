"""What the Kubernetes client for Python does with exec, attach and port-forward; a peer of the interop specs.

kube.py KUBECONFIG exec [--sleep SECONDS] WORD...   runs a command, and reads its output
kube.py KUBECONFIG echo BYTES                       sends bytes to a command that sends them back
kube.py KUBECONFIG terminal SCRIPT                  tells two sizes of its terminal, and types Ctrl-C
kube.py KUBECONFIG attach POD                       sends two lines to the main process
kube.py KUBECONFIG forward PORT COUNT BYTES         sends bytes over connections that send them back

Each prints one line of JSON.
"""
import hashlib
import json
import sys
import threading
import time

from kubernetes import client, config
from kubernetes.stream import portforward, stream

PIECE = 32768


def text(length):
    return ("abcdefghijklmnopqrstuvwxyz012345" * (length // 32 + 1))[:length]


def sha256(data):
    return hashlib.sha256(data.encode()).hexdigest()


def finish(resp, output, errors):
    while resp.is_open():
        resp.update(timeout=1)
        output.append(resp.read_channel(1))
        errors.append(resp.read_channel(2))
    output.append(resp.read_channel(1))
    errors.append(resp.read_channel(2))


def report(output, errors, code, **more):
    out = "".join(output)
    return dict(code=code, bytes=len(out), sha256=sha256(out), head=out[:200], stderr="".join(errors), **more)


def start(api, command, tty=False, stdin=False):
    return stream(
        api.connect_get_namespaced_pod_exec, "p", "default", container="main", command=command,
        stdin=stdin, stdout=True, stderr=not tty, tty=tty, _preload_content=False)


def run(api, words):
    pause = 0
    if words[0] == "--sleep":
        pause = float(words[1])
        words = words[2:]
    resp = start(api, words)
    time.sleep(pause)
    output, errors = [], []
    finish(resp, output, errors)
    return report(output, errors, resp.returncode)


def echo(api, size):
    # Nothing tells the command that its input has ended.
    resp = start(api, ["head", "-c", str(size)], stdin=True)
    sent = text(size)

    def send():
        for at in range(0, size, PIECE):
            resp.write_stdin(sent[at:at + PIECE])

    sender = threading.Thread(target=send)
    sender.start()
    output, errors = [], []
    finish(resp, output, errors)
    sender.join()
    return report(output, errors, resp.returncode, sent=sha256(sent))


def terminal(api, script):
    resp = start(api, ["sh", "-c", script], tty=True, stdin=True)
    shown = []

    def shows(what):
        while what not in "".join(shown) and resp.is_open():
            resp.update(timeout=1)
            shown.append(resp.read_channel(1))

    resp.write_channel(4, json.dumps({"Width": 80, "Height": 24}))
    shows("24 80")
    resp.write_channel(4, json.dumps({"Width": 120, "Height": 45}))
    shows("45 120")
    resp.write_stdin("\x03")
    finish(resp, shown, [])
    return dict(screen="".join(shown), code=resp.returncode)


def attach(api, pod):
    resp = stream(
        api.connect_get_namespaced_pod_attach, pod, "default", container="main",
        stdin=True, stdout=True, stderr=True, tty=False, _preload_content=False)
    resp.write_stdin("one\n")
    resp.write_stdin("two\n")
    output, errors = [], []
    finish(resp, output, errors)
    return dict(stdout="".join(output), stderr="".join(errors))


def forward(api, port, count, size):
    sent = text(size).encode()
    faults = []
    good = []

    def one():
        forwarded = portforward(api.connect_get_namespaced_pod_portforward, "web", "default", ports=str(port))
        connection = forwarded.socket(port)
        connection.setblocking(True)
        connection.settimeout(20)
        try:
            sender = threading.Thread(target=connection.sendall, args=(sent,))
            sender.start()
            seen = b""
            while len(seen) < size:
                piece = connection.recv(65536)
                if not piece:
                    break
                seen += piece
            sender.join()
            good.append(seen == sent)
        except OSError:
            good.append(False)
        if forwarded.error(port):
            faults.append(forwarded.error(port))
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(ok=good.count(True), faults=faults)


def main(path, action, *words):
    config.load_kube_config(path)
    # One for each connection: streaming changes the client that it is called on.
    api = client.CoreV1Api()
    if action == "exec":
        return run(api, list(words))
    if action == "echo":
        return echo(api, int(words[0]))
    if action == "terminal":
        return terminal(api, words[0])
    if action == "attach":
        return attach(api, words[0])
    if action == "forward":
        return forward(api, *map(int, words))
    raise SystemExit(__doc__)


print(json.dumps(main(*sys.argv[1:])))
