"""Train one Argos package: ``python -m demo.train.translation en_es``; `demo.train` runs all."""

import argparse
from pathlib import Path

import torch
from demo.train.schedule import Budget
from demo.train.translation import export
from demo.train.translation.data import Pair
from demo.train.translation.fit import STEPS, fit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pair", help="for example en_es")
    parser.add_argument("--work", type=Path, required=True, help="pieces and checkpoints")
    parser.add_argument("--out", type=Path, required=True, help="where the package is written")
    parser.add_argument("--minutes", type=float, help="end sooner than the recipe's steps")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # two trainings side by side, a core each, beat one after the other
    pair = Pair(*arguments.pair.split("_"))
    model, pieces = fit(pair, arguments.work, Budget(STEPS, arguments.minutes))
    package = export.write_package(pair, model, pieces, arguments.work, arguments.out)
    print(f"translate {pair}: wrote {package}, {package.stat().st_size / 1e6:.2f} MB", flush=True)


if __name__ == "__main__":
    main()
