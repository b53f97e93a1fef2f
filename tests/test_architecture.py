"""The layout holds: floors, sizes, names, no print below the command line, no Python in the data folders."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "biomimic"
FILE_LINES, FUNCTION_LINES, PARAMETERS = 400, 60, 6
DATA_FOLDERS = ("validation", "training", "reference_data", "reports")

ZERO = ("errors", "files", "provenance", "share", "config")
ONE = ("signals", "archive", "motion", "recording", "gait", "metrics")
TWO = ("readers", "reference", "run", "evaluation")
LEARNED = tuple(f"training.{name}" for name in ("playing", "view", "engine"))  # what plays a policy

# module or package → third-party packages it may import, parts of biomimic it may import beside its own package;
# the longest fitting key counts
FLOORS = {
    **{name: ((), ZERO) for name in ZERO},
    **{name: (("numpy", "scipy"), (*ZERO, *ONE)) for name in ONE},
    "metrics.synergy": (("numpy", "scipy", "sklearn"), (*ZERO, *ONE)),
    "gait": (("numpy", "scipy"), (*ZERO, *(name for name in ONE if name != "metrics"))),
    **{name: (("numpy",), (*ZERO, *ONE)) for name in TWO},
    # the modules that make the data sets from raw files; only reference.__main__ imports them
    **{
        f"reference.{name}": (("numpy", "scipy"), (*ZERO, *ONE, "readers"))
        for name in ("rajagopal2016", "falisse2019", "fold", "table", "gait120", "schreiber2019", "matlab")
    },
    "reference.store": (("pooch", "requests"), ZERO),
    "embodiment": (("numpy", "mujoco", "musclemimic_models"), (*ZERO, *ONE)),
    "retarget": (("numpy", "scipy", "mujoco"), (*ZERO, *ONE, *TWO, "embodiment")),
    "retarget.baseline": (("numpy", "scipy", "mujoco", "mink", "daqp"), (*ZERO, *ONE, *TWO, "embodiment")),
    "retarget.bulk": (("numpy", "joblib", "threadpoolctl", "tqdm"), (*ZERO, *ONE, *TWO, "embodiment")),
    "retarget.overview": (("numpy", "jinja2"), (*ZERO, *ONE, *TWO)),
    "training": (
        ("numpy", "jax", "mujoco", "mujoco_warp", "warp", "optax", "tqdm"),
        (*ZERO, *ONE, *TWO, "embodiment", "control"),
    ),
    "training.warm": (
        ("numpy", "scipy", "jax", "optax"),
        (*ZERO, *ONE, *TWO, "embodiment", "control"),
    ),
    "training.export": (("numpy", "jax", "onnx"), (*ZERO, *ONE, *TWO)),
    "control": (("numpy", "scipy", "mujoco"), (*ZERO, *ONE, *TWO, "embodiment")),
    "control.qp": (("numpy", "jax", "jaxlib"), (*ZERO, *ONE)),
    "control.tune": (("numpy", "scipy", "mujoco", "cma"), (*ZERO, *ONE, *TWO, "embodiment", "rollout")),
    "rollout": (("numpy", "mujoco", "tqdm"), (*ZERO, *ONE, *TWO, "embodiment", "control", *LEARNED)),
    "rollout.video": (("numpy", "mujoco", "tqdm", "imageio_ffmpeg"), (*ZERO, *ONE, *TWO, "embodiment", "control")),
    "lab": (("numpy", "mujoco", "jinja2", "opensim"), (*ZERO, *ONE, *TWO, "embodiment")),
    "validate": (("numpy", "scipy", "pandas", "statsmodels"), (*ZERO, *ONE, *TWO)),
    "report": (
        ("numpy", "pandas", "matplotlib", "jinja2", "typst"),
        (*ZERO, *ONE, *TWO, "validate.results", "validate.protocol"),
    ),
}

BLACKLIST = {"utils", "util", "helpers", "helper", "common", "manager", "handler", "wrapper", "enhanced", "v2", "cfg"}
BLACKLIST |= {"traj", "base"}
FORBIDDEN_STARTS = ("get_", "process_")

MODULES = sorted(PACKAGE.rglob("*.py"))
EVERYTHING = MODULES + sorted((ROOT / "tests").rglob("*.py"))


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _fits(name: str, parts: tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def _imports(tree: ast.AST, module: str) -> list[str]:
    """Dotted names that are imported; `from a import b` gives a.b."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import; write the full name"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def _floor(name: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    key = max((key for key in FLOORS if _fits(name, (key,))), key=len, default=None)
    assert key is not None, f"biomimic.{name} is on no floor; add it to the table of this test and to the design"
    return (key, *FLOORS[key])


def _faults(name: str, tree: ast.AST) -> list[str]:
    """Imports of one module that its floor does not allow."""
    _, third, inner = _floor(name)
    own = name.split(".")[0]
    faults = []
    for found in _imports(tree, name):
        head, _, rest = found.partition(".")
        if head == "biomimic":
            if rest and not _fits(rest, (*inner, own, "__version__")):
                faults.append(found)
        elif head not in sys.stdlib_module_names and head not in third:
            faults.append(found)
    return faults


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_keeps_to_its_floor(path):
    if path.name in ("__main__.py",) or path == PACKAGE / "__init__.py":
        return
    faults = _faults(_name(path), ast.parse(path.read_text()))
    assert not faults, f"{path.relative_to(ROOT)} may not import {', '.join(faults)}"


def test_floor_rule_sees_a_wrong_import():
    assert _faults("gait.events", ast.parse("import jax\nfrom biomimic.metrics import grf\nimport numpy")) == [
        "jax",
        "biomimic.metrics.grf",
    ]
    assert _faults("control.balance", ast.parse("import jax")) == ["jax"]
    assert _faults("control.qp", ast.parse("import jax")) == []


def test_package_itself_imports_nothing():
    assert _imports(ast.parse((PACKAGE / "__init__.py").read_text()), "biomimic") == []


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_and_functions_are_short(path):
    text = path.read_text()
    assert len(text.splitlines()) <= FILE_LINES, f"{path.relative_to(ROOT)} is too long; it probably holds two things"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            where = f"{path.relative_to(ROOT)}: {node.name}"
            length = node.end_lineno - node.lineno + 1
            doc = node.body[0] if ast.get_docstring(node) is not None else None
            length -= doc.end_lineno - doc.lineno + 1 if doc else 0
            assert length <= FUNCTION_LINES, f"{where} has {length} lines"
            arguments = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            arguments = [name for name in arguments if name not in ("self", "cls")]
            if path in MODULES:
                assert len(arguments) <= PARAMETERS, f"{where} has {len(arguments)} parameters; use a dataclass"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_print_and_no_swallowed_error(path):
    for node in ast.walk(ast.parse(path.read_text())):
        where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and path.name != "__main__.py":
            assert node.func.id != "print", f"{where} prints; only __main__ may"
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            assert caught not in ("", "Exception", "BaseException"), f"{where} catches everything"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_ours(path):
    names = {path.stem}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
    for name in names:
        words = set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_"))
        assert not words & BLACKLIST and not name.startswith(FORBIDDEN_STARTS), f"{path.relative_to(ROOT)}: {name}"


def test_no_mock_anywhere():
    for path in EVERYTHING:
        found = [name for name in _imports(ast.parse(path.read_text()), str(path)) if "mock" in name.lower()]
        assert not found, f"{path.relative_to(ROOT)} imports {found}; make the thing small instead"


def test_data_folders_hold_no_python():
    found = [path for folder in DATA_FOLDERS for path in (ROOT / folder).rglob("*.py")]
    assert not found
