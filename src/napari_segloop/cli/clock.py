"""How long this command has been running, counted from the start of its process.

Importing torch takes seconds, and a limit in minutes has to include them. Where the system does
not tell when the process began, the count starts with the import of this module.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

_IMPORTED = time.monotonic()
_UNKNOWN = 0.5  # seconds that Python takes to come here, as measured
_LONGEST_START = 60.0


def process_age() -> float:
    """Return the seconds since this process was started.

    Returns
    -------
    float
        From the kernel on Linux; elsewhere from the import of this module plus half a second.
    """
    since_import = time.monotonic() - _IMPORTED
    age = _age_on_linux()
    if age is None or not since_import <= age <= since_import + _LONGEST_START:
        return since_import + _UNKNOWN
    return age


def _age_on_linux() -> float | None:
    stat = Path("/proc/self/stat")
    if not hasattr(time, "CLOCK_BOOTTIME") or not stat.exists():
        return None
    fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # field 22, starttime: see proc(5)
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started
