# SPDX-License-Identifier: Apache-2.0
"""Tells the party's Pulsar where the brokers of the other parties are, and again whenever that changes.

FATE's own code does so at the beginning of a job, but looks a party up in its route table by a number where the table
has text, never finds it, and knows the entry `default` only (pyfate 2.0.0 to 2.2.0, federation/backends/pulsar). It
leaves a party alone that Pulsar knows already: hence this. Besides, a changed address would not reach Pulsar otherwise.

Arguments: the file with clusters (JSON: party id to what Pulsar's admin API takes), the URL of that API, and a file
that is made once all clusters are known.
"""

import json
import sys
import time
import urllib.error
import urllib.request

SECONDS = 15
KEYS = ("serviceUrl", "serviceUrlTls", "brokerServiceUrl", "brokerServiceUrlTls", "proxyServiceUrl")


def call(method, url, data=None):
    """The answer of the admin API as data; None where it has none."""
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def known(url):
    """What Pulsar knows of a cluster; None if there is none."""
    try:
        return call("GET", url)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def differs(found, wanted):
    return any((found.get(key) or "") != (wanted.get(key) or "") for key in KEYS)


def register(api, clusters):
    """Make each cluster what it should be; the ids of those that were changed."""
    changed = []
    for party, wanted in clusters.items():
        url = api + "/admin/v2/clusters/" + party
        found = known(url)
        if found is None:
            call("PUT", url, wanted)
        elif differs(found, wanted):
            call("POST", url, wanted)
        else:
            continue
        changed.append(party)
    return changed


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(path, api, done):
    said = ""
    while True:
        try:
            with open(path, encoding="utf-8") as stream:
                clusters = json.load(stream)
            for party in register(api, clusters):
                say(f"Pulsar knows where the broker of party {party} is.")
            open(done, "w").close()
            said = ""
        except (OSError, ValueError) as error:
            if str(error) != said:
                said = str(error)
                say(f"Pulsar at {api} was not told of the other parties: {said}")
        time.sleep(SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
