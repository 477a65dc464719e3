"""Look every locked package up in PyPI's database of known weaknesses.

Exit codes: 0 none is known, 1 some are, 3 not every package could be looked up.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCKS = ("requirements/all.txt", "requirements/serve.txt")
OPTIONS = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json")
WEAK, UNKNOWN = 1, 3


def main(program: str) -> int:
    """Audit each lock with pip-audit; what it finds is printed."""
    ends = [_audited(program, lock) for lock in LOCKS]
    return next((code for code in (WEAK, UNKNOWN) if code in ends), 0)


def _audited(program: str, lock: str) -> int:
    done = subprocess.run(  # noqa: S603 (our own arguments, no shell)
        [program, *OPTIONS, "--requirement", lock], capture_output=True, text=True, check=False
    )
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        told = done.stderr.strip().splitlines() or ["it printed nothing"]
        print(f"{lock}: not checked: {told[-1]}")
        return UNKNOWN
    weak = [package for package in packages if package.get("vulns")]
    for package in weak:
        for found in package["vulns"]:
            mended = ", ".join(found["fix_versions"]) or "no version"
            name = f"{package['name']} {package['version']}"
            print(f"{lock}: {name}: {found['id']}, mended in {mended}")
    skipped = [package for package in packages if "skip_reason" in package]
    if skipped:
        print(f"{lock}: not checked: {len(skipped)} of {len(packages)} packages, as first:")
        print(f"  {skipped[0]['skip_reason']}")
    if not weak and not skipped:
        print(f"{lock}: nothing is known against {len(packages)} packages")
    return WEAK if weak else UNKNOWN if skipped else 0


if __name__ == "__main__":
    if not Path(sys.argv[1]).is_file():
        sys.exit(f"there is no {sys.argv[1]}; run: make audit")
    sys.exit(main(sys.argv[1]))
