"""argostranslate itself, asked over a pipe: a line of JSON in, a line of JSON out.

Not for polycue's own environment: it wants stanza and spacy, and they want torch. In one of its
own, where a build of torch for the CPU will do::

    make peers
    .venv/bin/python benchmarks/translation.py --peer .venv-argos/bin/python

``ARGOS_PACKAGES_DIR`` names the folder of packages. The splitter is the one that the packages
bring, so nothing is downloaded and nothing of argostranslate is replaced. Its ``CachedTranslation``
would answer the second round from the first, so what is beneath it is asked.
"""

import json
import sys
import time

from argostranslate import translate


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever its libraries print is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        texts = asked["texts"]
        cached = translate.get_translation_from_codes(asked["source"], asked["target"])
        translation = getattr(cached, "underlying", cached)
        started, worked = time.perf_counter(), time.process_time()
        found = translation.translate("\n".join(texts)).split("\n")
        told = {
            "texts": found,
            "seconds": time.perf_counter() - started,
            "core_seconds": time.process_time() - worked,
        }
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    main()
