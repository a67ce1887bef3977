"""Options that several commands have."""

from pathlib import Path

import click

models_dir_option = click.option(
    "--models-dir",
    "--model-dir",
    "models_dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="POLYCUE_MODELS_DIR",
    show_envvar=True,
    help="Where the models are.  [default: in your data folder]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
