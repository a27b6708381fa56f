"""What all tests share: no network, and as many threads on every machine.

Set before torch or a hub is imported, and inherited by the processes that tests start.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ["HF_HUB_OFFLINE"] = "1"
