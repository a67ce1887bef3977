"""Rebuild the demo models from nothing: an English Whisper and three Argos packages.

Run it from the repository root, in an environment with ``demo/train/requirements.txt`` and with
eSpeak NG's library on the machine (Debian: apt-get install espeak-ng)::

    python -m demo.train

On two cores that multiply bfloat16 it takes under two hours: the recogniser took 75 minutes beside
other work (39 windows of speech a second while the machine was idle), and 280 sentences a second
and core make 25 minutes for the packages. On cores with AVX2 alone, 12 windows a second, it should
take about an hour more. It takes 3 GB of disk under ``--work``. It may be killed at any moment: the
same command goes on from the last checkpoint. The models are written to ``--out``, beside the
committed ones and not over them: compare them (``benchmarks/demo_models.py --models DIR --results
DIR``), then copy.
"""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from demo.train.espeak import EspeakMissing
from demo.train.schedule import Budget
from demo.train.speech import corpus, export, fit, tokens
from demo.train.speech.corpus import Shard

DEMO = Path(__file__).parents[1]

# 24,000 sentences, about 17 hours of speech, in shards that can be made side by side.
_SHARDS, _GROUPS_IN_SHARD = 8, 250
_HELD_OUT_GROUPS = 30
_PAIRS = ("en_es", "en_de", "es_en")
_SPEECH_SHARE = 0.75  # of ``--minutes``; two rounds of packages share the rest


def main() -> int:
    arguments = _arguments()
    work, out, minutes = arguments.work.resolve(), arguments.out.resolve(), arguments.minutes
    training = [
        Shard(work / "corpus" / f"training-{number}", _GROUPS_IN_SHARD, held_out=False)
        for number in range(_SHARDS)
    ]
    held_out = Shard(work / "corpus" / "held-out", _HELD_OUT_GROUPS, held_out=True)
    try:
        corpus.write([*training, held_out])
    except EspeakMissing as error:
        print(error, file=sys.stderr)
        return 1
    job = fit.Job(
        folder=work / "speech",
        training=tuple(shard.path for shard in training),
        held_out=(held_out.path,),
        budget=Budget(fit.STEPS, minutes and minutes * _SPEECH_SHARE),
    )
    fit.fit(job)
    rows = tokens.rows(tokens.load())
    export.write_model(fit.load(job.folder, rows), rows, out / "whisper" / "demo-en")
    print(f"speech: wrote {out / 'whisper' / 'demo-en'}", flush=True)

    _translate(work, out, minutes and minutes * (1 - _SPEECH_SHARE) / 2)
    print(f"All models are in {out}.")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.train", description=__doc__)
    parser.add_argument("--work", type=Path, default=DEMO / "work", help="corpus, checkpoints")
    parser.add_argument("--out", type=Path, default=DEMO / "work" / "models")
    parser.add_argument(
        "--minutes", type=float, help="work for all models together, where the machine is shared"
    )
    return parser.parse_args()


def _translate(work: Path, out: Path, minutes: float | None) -> None:
    """All packages, two at a time: a core each."""

    def train(pair: str) -> None:
        argv = [sys.executable, "-m", "demo.train.translation", pair]
        argv += ["--work", str(work / "translation" / pair), "--out", str(out / "argos")]
        argv += ["--minutes", str(minutes)] if minutes else []
        subprocess.run(argv, cwd=DEMO.parent, check=True)

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(train, _PAIRS))


if __name__ == "__main__":
    sys.exit(main())
