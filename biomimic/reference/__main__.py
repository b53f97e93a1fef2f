"""python -m biomimic.reference build --raw FOLDER --out FOLDER: make the derived data sets from the raw files."""

import argparse
import sys
from pathlib import Path

from biomimic import files, reference
from biomimic.errors import BadFile, BiomimicError
from biomimic.provenance import sha256
from biomimic.reference import falisse2019, rajagopal2016, table

SETS = {module.NAME: module for module in (rajagopal2016, falisse2019)}
COMMAND = "python -m biomimic.reference build --raw FOLDER --out reference_data"


def build(raw: Path, out: Path) -> None:
    """Write every data set and the registry; `raw` has one folder of raw files per data set."""
    content, entries = {}, []
    for name, module in sorted(SETS.items()):
        folder = raw / module.FOLDER
        if not folder.is_dir():
            raise BadFile(f"{folder} does not exist; --raw needs a folder with {module.FOLDER}/{module.FILES[0]}.")
        tables = module.build(folder)
        hashes = {file: sha256(folder / file) for file in module.FILES}
        content |= {out / name / file: text for file, text in tables.items()}
        content[out / name / "SOURCE.md"] = module.source_text(hashes, COMMAND)
        entries.append(table.entry_text(name, module.ENTRY, tables))
    content[out / reference.REGISTRY] = "\n".join(entries)
    for path, text in content.items():
        files.write(path, text)
        print(path)


def show(out: Path | None) -> None:
    """Print what each data set holds."""
    for name in reference.names(out):
        data = reference.load(name, out)
        print(f"{name}: {data.entry.title} ({data.entry.licence}); n = {data.n} {data.entry.of}")
        for (quantity, side, phase), part in data.parts.items():
            print(f"  {quantity} {side} {phase} [{part.unit}]: {', '.join(part.names)}")


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 2 with one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m biomimic.reference", description="Measured human data sets.")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("build", help="make the derived data sets from the raw files")
    make.add_argument("--raw", type=Path, required=True, help="folder with one folder of raw files per data set")
    make.add_argument("--out", type=Path, required=True, help="folder for the data sets and registry.toml")
    listing = commands.add_parser("list", help="print what the data sets hold")
    listing.add_argument("--data", type=Path, default=None, help="another folder than the shipped one")
    options = parser.parse_args(arguments)
    try:
        if options.command == "build":
            build(options.raw, options.out)
        else:
            show(options.data)
    except BiomimicError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
