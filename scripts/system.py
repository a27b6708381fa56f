"""Find and install the system packages that the tests need on Linux.

The tests open napari on a screen that is not there (Xvfb), so Qt's libraries must load. This
script runs before ``.venv`` exists, with nothing but the standard library; it knows Debian's names
and nothing of Python packages.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

USAGE = 2

COMMANDS = {"Xvfb": "xvfb"}
# What `ldd` shows for Qt's xcb plugin, by the name that the loader looks for.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


def loads(library: str) -> bool:
    """Say whether the loader finds a library.

    Parameters
    ----------
    library : str
        Its file name with the version, ``libGL.so.1``.

    Returns
    -------
    bool
        Whether it loads, wherever it comes from.
    """
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_for_venv() -> list[str]:
    """Return the package that lets this Python make an environment, if it is missing.

    Returns
    -------
    list of str
        Debian splits ``ensurepip`` off into a package of its own.
    """
    if importlib.util.find_spec("ensurepip"):
        return []
    return [f"python{sys.version_info.major}.{sys.version_info.minor}-venv"]


def missing_for_tests() -> list[str]:
    """Return the packages whose command or library is not there.

    Returns
    -------
    list of str
        Debian's names; empty where Qt needs no X server.
    """
    if sys.platform != "linux":
        return []
    commands = [package for command, package in COMMANDS.items() if not shutil.which(command)]
    return commands + [package for library, package in LIBRARIES.items() if not loads(library)]


def apt_commands(packages: list[str]) -> tuple[list[str], list[str]]:
    """Return the two halves of the apt line.

    Parameters
    ----------
    packages : list of str
        What to install.

    Returns
    -------
    update, install : list of str
        The arguments of each.
    """
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    return ["apt-get", "update"], install


def explain(packages: list[str]) -> int:
    """Print the one line that mends it.

    Parameters
    ----------
    packages : list of str
        What is missing.

    Returns
    -------
    int
        The exit code of bad usage.
    """
    line = " && ".join(shlex.join(command) for command in apt_commands(packages))
    print("System packages are missing. As root on Debian or Ubuntu, run:", file=sys.stderr)
    print(line, file=sys.stderr)
    return USAGE


def on_debian_as_root() -> bool:
    """Say whether apt may be called here.

    Returns
    -------
    bool
        Root, on Debian or a child of it.
    """
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return root and Path("/etc/debian_version").exists() and bool(shutil.which("apt-get"))


def asked_for() -> bool:
    """Say whether the caller allowed an installation without a question.

    Returns
    -------
    bool
        ``CI=true`` or ``SYSTEM=1`` is set.
    """
    return os.environ.get("CI") == "true" or os.environ.get("SYSTEM") == "1"


def install(packages: list[str]) -> int:
    """Install without a question.

    Parameters
    ----------
    packages : list of str
        What is missing.

    Returns
    -------
    int
        The exit code of ``apt-get install``.
    """
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    code = 0
    # A foreign package list that cannot be fetched need not matter: the second half decides.
    for command in apt_commands(packages):
        print(shlex.join(command), file=sys.stderr, flush=True)
        waiting = [command[0], "-o", "DPkg::Lock::Timeout=300", *command[1:]]
        finished = subprocess.run(waiting, env=environment, stdin=subprocess.DEVNULL, check=False)
        code = finished.returncode
    return code


def main(arguments: list[str]) -> int:
    """Check or install.

    Parameters
    ----------
    arguments : list of str
        ``check`` (for the tests), ``check-venv`` or ``install``.

    Returns
    -------
    int
        0 when all is there, 2 with the apt line when it is not and may not be installed.
    """
    task = arguments[0] if arguments else "check"
    packages = missing_for_venv() + ([] if task == "check-venv" else missing_for_tests())
    if not packages:
        return 0
    if not on_debian_as_root() or not (task == "install" or asked_for()):
        return explain(packages)
    return install(packages)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
