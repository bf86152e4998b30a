"""Reads metrics with Prometheus' own client library, for MetricsTests.

Reads {"url": URL} from standard input and writes each metric's type and each sample's value to standard output.
"""

import json
import signal
import sys

import requests
from prometheus_client.parser import text_string_to_metric_families

signal.alarm(300)

request = json.load(sys.stdin)
answer = requests.get(request["url"], timeout=120)
assert answer.status_code == 200, answer.status_code
types, samples = {}, {}
for family in text_string_to_metric_families(answer.text):
    assert family.documentation, family.name
    types[family.name] = family.type
    for sample in family.samples:
        labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
        name = sample.name + (f" {labels}" if labels else "")
        assert name not in samples, name
        samples[name] = repr(float(sample.value))
print(json.dumps({"content_type": answer.headers["Content-Type"], "types": types, "samples": samples}))
