"""What `pip install .` calls: maturin, with the explorer's page built before it, so that a fresh clone gives a package that has its page."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import maturin
from maturin import (  # noqa: F401
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

PAGE = Path(__file__).resolve().parents[1] / "explorer"
#: The least versions of Node.js that Vite runs on, one a line of releases.
NODE = {20: 19, 22: 12}


def node() -> str | None:
    """What is wrong with the Node.js of this machine, if anything is."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "npm was not found"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major, minor = (int(part) for part in version.removeprefix("v").split(".")[:2])
    return f"Node.js {version} was found" if major < 20 or minor < NODE.get(major, 0) else None


def newest(*paths: Path) -> float:
    """When the newest of the files was written, those in folders included."""
    files = (file for path in paths for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())
    return max(file.stat().st_mtime for file in files)


def build_page() -> None:
    """Builds the page unless it is there and newer than its sources; a source distribution carries it built."""
    built = PAGE / "dist/index.html"
    sources = [PAGE / name for name in ("src", "public", "package-lock.json", "vite.config.ts", "vite.topics.config.ts")]
    sources += PAGE.glob("*.html")
    if not (PAGE / "package.json").exists() or (built.exists() and built.stat().st_mtime >= newest(*sources)):
        return
    wrong = node()
    if wrong is not None and built.exists():
        print(f"latentspace: {wrong}: the page stays as it was built before.", flush=True)
        return
    if wrong is not None:
        raise SystemExit(
            f"latentspace: the page of the explorer has to be built, and {wrong}; Node.js 20.19, 22.12 or newer is needed.\n"
            "hint: install Node.js from https://nodejs.org, or run `make page` where it is and copy explorer/dist here; then `pip install .` again"
        )
    npm = shutil.which("npm") or "npm"
    if not (PAGE / "node_modules/.package-lock.json").exists():
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=PAGE, check=True)
    subprocess.run([npm, "run", "--silent", "build"], cwd=PAGE, check=True)
    built.touch()


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Builds a wheel, the page in it."""
    build_page()
    return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Builds what an installation that can be edited needs, the page in it."""
    build_page()
    return maturin.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """Builds a source distribution, the built page in it."""
    build_page()
    return maturin.build_sdist(sdist_directory, config_settings)
