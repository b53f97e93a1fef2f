"""Where the shipped folders are, in a wheel or in a checkout."""

from pathlib import Path

from biomimic.errors import BadFile

FOLDERS = ("validation", "training", "reference_data", "reports")

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder of shipped data with this name.

    Args:
        name: "validation", "training", "reference_data" or "reports".

    Raises:
        BadFile: neither an installed package nor a checkout has it; both places are named.
    """
    installed = _PACKAGE / "_share" / name
    if installed.is_dir():
        return installed
    checkout = _PACKAGE.parent / name
    if (_PACKAGE.parent / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout
    raise BadFile(
        f'The shipped folder "{name}" was looked for in {installed} and in {checkout} and is in neither. '
        f"Install the package again; it ships {', '.join(FOLDERS)}."
    )
