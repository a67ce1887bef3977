"""Where models are, unless it is said otherwise. Settings and help ask, so it imports little."""

import os
from pathlib import Path

import platformdirs


def default_models_dir() -> Path:
    """``POLYCUE_MODELS_DIR``, else where this system keeps the data of a user's programs."""
    chosen = os.environ.get("POLYCUE_MODELS_DIR")
    return Path(chosen) if chosen else platformdirs.user_data_path("polycue") / "models"
