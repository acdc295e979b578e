"""Loading the models tells nobody, leaves nothing in the home folder and starts no thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

_LOOK = """
import json, os, sys
{first}
import efface.vision
from pathlib import Path
import onnxruntime
from efface.vision.models import packaged
if len(sys.argv) > 1:
    from efface.vision.faces import FaceEngine
    assert FaceEngine.load(Path(sys.argv[1])) is not None
sockets = [fd for fd in os.listdir("/proc/self/fd") if "socket" in os.path.realpath(f"/proc/self/fd/{{fd}}")]
print(json.dumps({{"threads": len(os.listdir("/proc/self/task")), "sockets": sockets}}))
"""


def _process(home: Path, first: str, *arguments: str) -> tuple[dict[str, object], list[str]]:
    """A clean process (no CI variable, which would keep the runtime quiet anyway) and what it left in its home."""
    environment = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "PATH": os.environ["PATH"],
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", _LOOK.format(first=first), *arguments],
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    left = sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())
    return json.loads(done.stdout), left


def test_a_loaded_engine_has_one_thread_no_socket_and_left_nothing(tmp_path: Path, models_dir: Path) -> None:
    state, left = _process(tmp_path, "", str(models_dir))
    assert state == {"threads": 1, "sockets": []}
    assert left == []


def test_the_runtime_is_quiet_also_without_models(tmp_path: Path) -> None:
    state, left = _process(tmp_path, "")
    assert (state, left) == ({"threads": 1, "sockets": []}, [])


def test_comparing_and_enrolling_load_no_model_runtime() -> None:
    code = (
        "import sys, efface.vision.index, efface.vision.faces, efface.vision.models; "
        "print([name for name in ('cv2', 'onnxruntime', 'onnx', 'tflite') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
