"""Makes the modules of this folder importable by its tests: the daemon under test, the senders, the reckoning."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
