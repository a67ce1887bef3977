"""Look through documents of KEDA and of Prometheus' operator by the classes of their schemas.

Runs in .venv-kubernetes: JSON documents come on stdin, a line for each fault goes to stdout. A
field that a class does not know is dropped by it, so what comes back is compared with what went in.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from cloudcoil.models.keda import v1alpha1 as keda  # type: ignore[import-not-found]
from cloudcoil.models.prometheus_operator import (  # type: ignore[import-not-found]
    v1 as monitoring,
)

CLASSES = {
    "keda.sh/v1alpha1": keda,
    "monitoring.coreos.com/v1": monitoring,
}


def main() -> None:
    for document in json.load(sys.stdin):
        name = f"{document['kind']} {document['metadata']['name']}"
        try:
            known = getattr(CLASSES[document["apiVersion"]], document["kind"])
            read = known.model_validate(document)
        except (AttributeError, KeyError, ValueError) as error:
            print(f"{name}: {' '.join(str(error).split())}")  # noqa: T201
            continue
        back = read.model_dump(mode="json", by_alias=True, exclude_unset=True)
        for path in lost(document, back, name):
            print(f"{path}: nobody knows this field")  # noqa: T201


def lost(given: Any, back: Any, path: str) -> Iterator[str]:
    if isinstance(given, dict):
        for key, value in given.items():
            if not isinstance(back, dict) or key not in back:
                yield f"{path}.{key}"
            else:
                yield from lost(value, back[key], f"{path}.{key}")
    elif isinstance(given, list):
        for number, value in enumerate(given):
            yield from lost(value, back[number], f"{path}[{number}]")


if __name__ == "__main__":
    main()
