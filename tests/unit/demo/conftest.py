"""demo/ is no installed package: its modules are imported from the repository root."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
