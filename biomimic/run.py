"""Run: a folder with a schema that holds a controller or policy, its target and what was made with it.

A policy's run is there while it is trained: its status says so, and only training opens it before it is complete.
"""

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from biomimic import config, errors, files, share
from biomimic.errors import BadFile, BadRun, BadValue
from biomimic.provenance import sha256

SCHEMA = 1
MANIFEST = "run.toml"
WORKING = Path("runs")  # in the current directory
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Manifest:
    """What run.toml says.

    Args:
        schema: version of the layout.
        name: of the run, and of its folder.
        controller: "tracker" (model-based) or "policy" (learned).
        embodiment: name of the body.
        muscle_parameters: name of the set of muscle parameters.
        protocol: name of the protocol it is measured by unless another is asked for.
        target: file name of the Trajectory it follows.
        settings: file name of the controller's settings.
        created: date, as text.
        note: what a reader of the report must know about this run.
        shaped_by: which of the tracked person's "angles", "force", "moment" shaped the walk; empty if not stated.
        files: file name → "sha256:" and the hex digest, checked when the run is opened.
        versions: package → version the run was made with.
        status: "training" until its policy is there.
        backend: what a policy was trained on, e.g. "mujoco, jax on 1 cpu device".
        model_sha256: of the compiled body a policy was trained on.
    """

    schema: int
    name: str
    controller: str = config.one_of("tracker", "policy")
    embodiment: str = field()
    muscle_parameters: str = field()
    protocol: str = field()
    target: str = field()
    settings: str = field()
    created: str = field()
    note: str = ""
    shaped_by: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    status: str = config.one_of("complete", "training", default="complete")
    backend: str = ""
    model_sha256: str = ""


@dataclass(frozen=True)
class Run:
    """A run folder and what its run.toml says."""

    path: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.manifest.name

    @property
    def target(self) -> Path:
        """File of the Trajectory the controller follows."""
        return self.path / self.manifest.target

    @property
    def settings(self) -> Path:
        """File of the controller's settings."""
        return self.path / self.manifest.settings

    @property
    def output(self) -> Path:
        """Folder for what is made with this run: its own, or runs/<name> for a run that was shipped."""
        return WORKING / self.name if self.is_shipped else self.path

    @property
    def is_shipped(self) -> bool:
        """True for a run that came with the package; its folder is only read."""
        return _shipped() is not None and self.path.resolve().is_relative_to(_shipped().resolve())

    @property
    def identity(self) -> str:
        """Hex SHA-256 of run.toml, which itself holds the hash of every file."""
        return sha256(self.path / MANIFEST)


def open_run(name_or_path: str | Path) -> Run:
    """Open a run by name (in ./runs first, then among the shipped ones) or by the path of its folder.

    Raises:
        UnknownName: no run has this name; the closest names are offered.
        BadRun: the folder lacks a file, a file was changed or cut short, the schema is not of this version, or the run
            is still being trained.
    """
    run = _find(name_or_path)
    if run.manifest.status != "complete":
        asked = run.name if run.path.parent.resolve() == WORKING.resolve() else run.path
        raise BadRun(
            f'Run "{run.name}" has no policy yet: it is being trained, or its training was stopped. '
            f"To go on with it: python -m biomimic.training --run {asked}"
        )
    return run


def open_training(folder: str | Path) -> Run:
    """Open the folder of a run that may still be in training; its target and recipe are checked as by `open_run`."""
    return _open(Path(folder))


def _find(name_or_path: str | Path) -> Run:
    text = str(name_or_path)
    is_path = isinstance(name_or_path, Path) or "/" in text or os.sep in text or text in (".", "..")
    if text.endswith(".toml"):
        return _open(Path(text).parent)
    if is_path:
        if not Path(text).is_dir():
            raise BadRun(f"The run folder {text} does not exist. Known runs: {', '.join(names()) or 'none'}.")
        return _open(Path(text))
    for root in _roots():
        if (root / text / MANIFEST).is_file():
            return _open(root / text)
    for root in _roots():
        if text and (root / text).is_dir():
            return _open(root / text)
    raise errors.unknown("run", text, names(), where="in ./runs or among the shipped ones")


def names() -> tuple[str, ...]:
    """Names of the runs in ./runs and of the shipped ones."""
    found = {path.parent.name for root in _roots() for path in root.glob(f"*/{MANIFEST}")}
    return tuple(sorted(found))


def create(manifest: Manifest, content: Mapping[str, bytes | str], *, folder: str | Path = WORKING) -> Run:
    """Make a run folder with these files; until it is complete it does not exist.

    Args:
        manifest: its `files` are filled in here from the content.
        content: file name → bytes or text; holds at least the target and the settings.
        folder: where the run's folder is made.

    Raises:
        BadValue: the name is no file name, or the target or settings are not among the files.
        BadRun: there is a run of this name already.
    """
    if not _NAME.fullmatch(manifest.name):
        raise BadValue(f'"{manifest.name}" cannot name a run; use letters, digits, "_", "-" and ".".')
    for needed in (manifest.target, manifest.settings):
        if needed not in content:
            raise BadValue(f'Run "{manifest.name}" names the file {needed}, which was not given.')
    final, stage = Path(folder) / manifest.name, Path(folder) / f".{manifest.name}.part"
    if final.exists():
        raise BadRun(f'There is a run "{manifest.name}" in {folder} already; choose another name or remove the folder.')
    shutil.rmtree(stage, ignore_errors=True)
    hashes = {}
    for name in sorted(content):
        hashes[name] = f"sha256:{sha256(files.write(stage / name, content[name]))}"
    hashed = replace(manifest, files=hashes)
    files.write(stage / MANIFEST, config.dumps(hashed))
    os.replace(stage, final)
    return Run(final, hashed)


def complete(run: Run, content: Mapping[str, bytes | str]) -> Run:
    """Add the files that were missing, and mark a run in training as complete; until then it stays what it was.

    Args:
        run: as `create` or `open_training` gave it.
        content: file name → bytes or text.
    """
    hashes = {name: f"sha256:{sha256(files.write(run.path / name, content[name]))}" for name in sorted(content)}
    known = {**run.manifest.files, **hashes}
    done = replace(run.manifest, files=dict(sorted(known.items())), status="complete")
    files.write(run.path / MANIFEST, config.dumps(done))
    return Run(run.path, done)


def _roots() -> list[Path]:
    shipped = _shipped()
    return [WORKING] if shipped is None else [WORKING, shipped]


def _shipped() -> Path | None:
    try:
        return share.folder("training")
    except BadFile:
        return None


def _open(path: Path) -> Run:
    file = path / MANIFEST
    if not file.is_file():
        raise BadRun(f"{path} has no {MANIFEST}, so it is no run folder or was never completed.")
    try:
        values = config.parse(config.read_text(file), name=str(file))
        _check_schema(values, file)
        manifest = config.build(Manifest, values, name=str(file))
    except (BadFile, BadValue) as error:
        raise BadRun(str(error)) from None
    for needed in (manifest.target, manifest.settings):
        if needed not in manifest.files:
            raise BadRun(f"{file}: [files] has no hash of {needed}, which the run needs.")
    for name, stated in manifest.files.items():
        _check_file(path / name, stated, file)
    return Run(path, manifest)


def _check_schema(values: Mapping[str, object], file: Path) -> None:
    schema = values.get("schema")
    if not isinstance(schema, int):
        raise BadRun(f'{file}: the key "schema" is missing or no whole number; this version reads schema {SCHEMA}.')
    if schema > SCHEMA:
        raise BadRun(f"{file} has schema {schema}, newer than the {SCHEMA} of this version; install a newer biomimic.")
    if schema < SCHEMA:
        raise BadRun(f"{file} has schema {schema}; this version reads schema {SCHEMA}. Make the run again.")


def _check_file(path: Path, stated: str, file: Path) -> None:
    if not path.is_file():
        raise BadRun(f"{file} names {path.name}, and {path} is missing. Copy the run again.")
    found = f"sha256:{sha256(path)}"
    if found != stated:
        raise BadRun(
            f"{path} was changed or cut short: {file.name} says {stated[:15]}…, the file is {found[:15]}…. "
            "Copy the run again, or make a new one if the change was meant."
        )
