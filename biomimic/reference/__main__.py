"""python -m biomimic.reference list, fetch, build or power: human data sets, and how many people a claim needs."""

import argparse
import math
import sys
from pathlib import Path

from biomimic import files, reference
from biomimic.errors import BadFile, BadValue, BiomimicError, unknown
from biomimic.provenance import sha256
from biomimic.reference import falisse2019, rajagopal2016, store, table

SETS = {module.NAME: module for module in (rajagopal2016, falisse2019)}
COMMAND = "python -m biomimic.reference build --raw FOLDER --out reference_data"
PUBLIC = ("fukuchi2018", "gait120", "lencioni2019", "schreiber2019", "wang2022")
STUDIES = 200


def adapter(name: str):
    """The module that reads a public data set.

    Raises:
        UnknownName: there is none of this name.
    """
    from biomimic.reference import fukuchi2018, gait120, lencioni2019, schreiber2019, wang2022

    known = {module.SOURCE.name: module for module in (fukuchi2018, gait120, lencioni2019, schreiber2019, wang2022)}
    if name not in known:
        raise unknown("public data set", name, known)
    return known[name]


def build(raw: Path, out: Path) -> None:
    """Write every shipped data set and the registry; `raw` has one folder of raw files per data set."""
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


def build_public(options: argparse.Namespace) -> None:
    """Write one public data set by condition or by speed, beside what the registry of the folder has."""
    from biomimic.reference import population

    module, facts = adapter(options.name), _facts(options.assume)
    if not options.raw.is_dir():
        raise BadFile(f"{options.raw} is no folder; fetch {options.name} or give the folder of its files by --raw.")
    print(store.notice(module.SOURCE))
    walks = module.read(options.raw, facts)
    mass = facts.get("mass_kg", getattr(module, "MEAN_MASS", math.nan))
    found = population.build(walks, module.SOURCE, bin_width=options.by_speed, mass=mass)
    for path, text in population.write(found, options.out).items():
        files.write(path, text)
    for name, one in found.items():
        print(f"{name}: {one.entry.subjects} people")
    print(f"load them with biomimic.reference.load(name, folder={str(options.out)!r})")


def fetch(options: argparse.Namespace) -> None:
    """Licence and citation first, then the files: downloaded and continued, or checked in a folder; zips unpacked."""
    source, pins = adapter(options.name).SOURCE, store.pinned(options.hash)
    print(store.notice(source), flush=True)
    found = store.check(source, options.offline, pins) if options.offline else store.fetch(source, options.out, pins)
    for one in found:
        print(f"{one.path}: {'downloaded' if one.is_new else 'there'}, sha256 {one.sha256}", flush=True)
        if not one.checked:
            print(
                f"  No hash of {one.path.name} is known here, so nothing proves this content. Compare it with another "
                f"copy and pin it: --hash {one.path.name}=sha256:{one.sha256}"
            )
        elif one.checked != "sha256":
            print(f"  Checked against the {one.checked}; pin it by --hash {one.path.name}=sha256:{one.sha256}")
        count = store.unpack(one.path, options.out)
        if count:
            print(f"  {count} files unpacked into {options.out}")


def show(out: Path | None) -> None:
    """Print what each data set holds, and which can be fetched."""
    for name in reference.names(out):
        data = reference.load(name, out)
        print(f"{name}: {data.entry.title} ({data.entry.licence}); n = {data.n} {data.entry.of}")
        for (quantity, side, phase), part in data.parts.items():
            print(f"  {quantity} {side} {phase} [{part.unit}]: {', '.join(part.names)}")
    if out is None:
        print("\nCan be fetched and built (fetch NAME, then build NAME):")
        for name in PUBLIC:
            module = adapter(name)
            print(f"{name}: {module.SOURCE.title} ({module.SOURCE.licence}); doi:{module.SOURCE.doi}")
            for fact, words in module.FACTS.items():
                print(f"  to be told: --assume {fact}=…  {words}")


def power(options: argparse.Namespace) -> None:
    """Print how often a claim is made with each number of units, where it is true and where it is false."""
    from biomimic.reference.cohort import Cohort
    from biomimic.validate import sample_size

    claim = sample_size.Claim(
        options.claim, options.channel, options.percent, options.size, options.true, options.alpha, options.spread
    )
    cohort = Cohort(strides=options.strides)
    words = "true difference" if claim.kind == "difference" else "margin"
    print(
        f"{claim.kind} in {claim.channel} at {claim.percent} % of the cycle, {words} {claim.size:g} SD between people, "
        f"{cohort.strides} strides each, alpha {claim.alpha:g}; {options.studies} made-up studies each"
    )
    print("   n  claimed where true (95 %)   where false (95 %)")
    found = []
    for n in options.n:
        one = sample_size.power(claim, n, cohort, replications=options.studies, seed=options.seed)
        found.append(one)
        cells = (f"{part.value:5.3f} ({part.low:.3f} to {part.high:.3f})" for part in (one.power, one.error))
        print(f"{n:4d}  {'   '.join(cells)}", flush=True)
    able = sample_size.enough(found, options.wanted)
    print(
        f"{able.n} walkers and as many people reach a power of {options.wanted:g}."
        if able
        else f"None of these numbers reaches a power of {options.wanted:g}; ask for larger ones by --n."
    )


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 2 with one sentence on standard error."""
    options = _parser().parse_args(arguments)
    if options.command == "fetch" and options.out is None:
        options.out = options.offline or Path("reference_raw") / options.name
    try:
        if options.command == "build":
            build_public(options) if options.name else build(options.raw, options.out)
        elif options.command == "fetch":
            fetch(options)
        elif options.command == "power":
            power(options)
        else:
            show(options.data)
    except BiomimicError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m biomimic.reference", description="Measured human data sets.")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("build", help="make derived data sets from raw files")
    make.add_argument("name", nargs="?", help=f"one of {', '.join(PUBLIC)}; without a name, the shipped ones")
    make.add_argument("--raw", type=Path, required=True, help="folder of the raw files")
    make.add_argument("--out", type=Path, required=True, help="folder for the data sets and registry.toml")
    make.add_argument("--by-speed", type=float, metavar="WIDTH", help="group by ranges of speed of this width [m/s]")
    make.add_argument("--assume", nargs="+", default=[], metavar="FACT=NUMBER", help="what the files do not say")
    bring = commands.add_parser("fetch", help="download a public data set, or check one that you downloaded")
    bring.add_argument("name", help=f"one of {', '.join(PUBLIC)}")
    bring.add_argument("--out", type=Path, help="folder for its files (reference_raw/NAME)")
    bring.add_argument("--offline", type=Path, help="folder with the files; nothing is downloaded")
    bring.add_argument("--hash", nargs="+", default=[], metavar="FILE=sha256:HEX", help="hashes that you checked")
    listing = commands.add_parser("list", help="print what the data sets hold and which can be fetched")
    listing.add_argument("--data", type=Path, default=None, help="another folder than the shipped one")
    _power_arguments(commands.add_parser("power", help="how many people or seeds a claim needs"))
    return parser


def _power_arguments(ask: argparse.ArgumentParser) -> None:
    ask.add_argument("--claim", default="difference", choices=("difference", "equivalence"))
    ask.add_argument("--channel", default="knee_flexion", help="of the made-up cohort")
    ask.add_argument("--percent", type=int, default=72, help="of the cycle at which the channel is read")
    ask.add_argument("--size", type=float, default=1.0, help="true difference, or the margin [SD between people]")
    ask.add_argument("--true", type=float, default=0.0, help="true difference under equivalence [SD between people]")
    ask.add_argument("--spread", type=float, default=1.0, help="SD between walkers [SD between people]")
    ask.add_argument("--alpha", type=float, default=0.05)
    ask.add_argument("--n", type=int, nargs="+", default=[5, 8, 12, 20], help="walkers, and as many people")
    ask.add_argument("--strides", type=int, default=10)
    ask.add_argument("--studies", type=int, default=STUDIES)
    ask.add_argument("--wanted", type=float, default=0.8, help="power")
    ask.add_argument("--seed", type=int, default=0)


def _facts(words: list[str]) -> dict[str, float]:
    facts = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            facts[name] = float(value)
        except ValueError:
            raise BadValue(f'A fact is given as NAME=NUMBER, e.g. mass_kg=70; got "{word}".') from None
    return facts


if __name__ == "__main__":
    sys.exit(main())
