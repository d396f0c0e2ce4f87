"""Where the command is."""

import os
import shutil
import site
import sysconfig
from pathlib import Path


def find_gamma() -> str:
    """The path of the command ``gamma`` that this package was installed with.

    The environment variable ``GAMMA`` names another one.

    Raises:
        FileNotFoundError: if it is nowhere.
    """
    named = os.environ.get("GAMMA")
    if named:
        return named
    folders = [sysconfig.get_path("scripts")]
    # As `pip install --user` and `pip install --target` put it.
    folders.append(os.path.join(site.getuserbase(), "Scripts" if os.name == "nt" else "bin"))
    folders.append(str(Path(__file__).parent.parent / "bin"))
    found = shutil.which("gamma", path=os.pathsep.join(folders))
    if found is None:
        raise FileNotFoundError(f"the command `gamma` is in none of {', '.join(folders)}")
    return found
