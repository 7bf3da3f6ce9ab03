"""Where kernel files stand: by the name that a chip or zone bears, never by its index, which changes between boots."""

from __future__ import annotations

from hal.clock import SECOND_NS
from hal.errors import PortError
from hal.ports.files import FileTree

SEARCH_PERIOD_NS = 10 * SECOND_NS  # a search reads dozens of files: not at every read of a device that is not there
MOUNTS = ("fs/cgroup", "fs/cgroup/unified")  # of cgroups, second version: alone, or beside the first
SEARCH_LIMIT = 64  # chips looked at


def text_of(files: FileTree, path: str) -> str | None:
    """The file's text; None where it cannot be read."""
    try:
        return files.read_text(path)
    except PortError:
        return None


def paths_of(files: FileTree, pattern: str) -> tuple[str, ...]:
    """The files that match, at most 64; none where the tree cannot be searched."""
    try:
        return files.glob(pattern)[:SEARCH_LIMIT]
    except PortError:
        return ()


def names_of(files: FileTree, pattern: str) -> tuple[tuple[str, str], ...]:
    """(folder, name) of each file that matches `pattern`, as `class/hwmon/hwmon*/name`, and says a name."""
    rows = ((path.rpartition("/")[0], text_of(files, path)) for path in paths_of(files, pattern))
    return tuple((folder, name) for folder, name in rows if name)


def folders_named(files: FileTree, pattern: str, name: str) -> tuple[str, ...]:
    """The folders whose file says `name`."""
    return tuple(folder for folder, said in names_of(files, pattern) if said == name)


def our_group(files: FileTree, leaf: str) -> str | None:
    """The control group `penumbra` that has the file `leaf`; None where nobody made one."""
    groups = (f"{mount}/penumbra" for mount in MOUNTS)
    return next((group for group in groups if paths_of(files, f"{group}/{leaf}")), None)
