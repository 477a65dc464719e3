"""What processes hold and use, as Linux tells it; megabytes are 10^6 bytes."""

import os
from pathlib import Path
from typing import NamedTuple


class Held(NamedTuple):
    """Memory in MB: with a part of each page that is shared (PSS), and with all of it (RSS)."""

    pss: float
    rss: float


def of_session(session: int) -> list[int]:
    """The processes of a session that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        pid = int(path.name)
        try:
            if os.getsid(pid) == session and "State:\tZ" not in (path / "status").read_text():
                found.append(pid)
        except OSError:  # it has ended meanwhile
            continue
    return found


def held(pid: int) -> Held:
    """What a process holds; nothing where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return Held(0.0, 0.0)
    kilobytes = {line.split()[0]: int(line.split()[1]) for line in lines[1:]}
    return Held(*(kilobytes.get(name, 0) * 1024 / 1e6 for name in ("Pss:", "Rss:")))


def cpu_seconds(pid: int) -> float:
    """Seconds of the processor that a process has used; 0 where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
