"""Makes a revision of a release look as if whoever made it had been killed: the record says that it is pending."""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import subprocess
from datetime import UTC, datetime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("kubectl", "kubeconfig", "namespace", "release", "revision", "status"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--foreign", action="store_true", help="somebody else made it: no label of the collection")
    options = parser.parse_args()
    kubectl = [options.kubectl, "--kubeconfig", options.kubeconfig, "--namespace", options.namespace]
    name = f"sh.helm.release.v1.{options.release}.v{options.revision}"
    found = subprocess.run([*kubectl, "get", "secret", name, "--output", "json"], capture_output=True, check=True)
    secret = json.loads(found.stdout)
    body = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
    body["info"]["status"] = options.status
    body["info"]["last_deployed"] = datetime.now(UTC).isoformat()
    packed = base64.b64encode(gzip.compress(json.dumps(body).encode()))
    secret["data"]["release"] = base64.b64encode(packed).decode()
    labels = secret["metadata"]["labels"]
    labels["status"] = options.status
    if options.foreign:
        for label in [label for label in labels if label.startswith("kubefate.")]:
            del labels[label]
    subprocess.run([*kubectl, "replace", "--filename", "-"], input=json.dumps(secret).encode(), check=True)


if __name__ == "__main__":
    main()
