"""Public data sets: what is known of each, and fetching their files through pooch, checked and resumed."""

import fnmatch
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from biomimic.errors import BadFile, BadValue
from biomimic.provenance import sha256

BLOCK = 1 << 16  # bytes; what a broken download may lose
WAIT = (15.0, 60.0)  # [s] for a connection and for data
BROKEN = ".part"


@dataclass(frozen=True)
class Source:
    """A public data set.

    Args:
        name: in this package.
        title: one line.
        doi: of the data.
        licence: under which they are given.
        citation: whom to cite.
        wanted: patterns of the files that are needed, of those that the archive lists.
        hashes: file → sha256 in hex, as far as somebody has checked one; none is made up.
        note: what a reader of a report must know.
        filters: that the curves passed, as in a protocol; empty if the source does not say.
        address: base address of the files; "doi:" asks the archive of the DOI for its list.
    """

    name: str
    title: str
    doi: str
    licence: str
    citation: str
    wanted: tuple[str, ...]
    hashes: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    filters: Mapping[str, float] = field(default_factory=dict)
    address: str = "doi:"


@dataclass(frozen=True)
class Fetched:
    """One file of a data set.

    Args:
        path: where it lies.
        sha256: of what lies there.
        checked: what it was checked against: "sha256", "md5 of the archive" or "" for nothing.
        is_new: whether it was downloaded now.
    """

    path: Path
    sha256: str
    checked: str
    is_new: bool


def notice(source: Source) -> str:
    """Title, licence and whom to cite, printed before anything is downloaded."""
    lines = (source.title, f"doi:{source.doi}", f"Licence: {source.licence}", f"Cite: {source.citation}", source.note)
    return "\n".join(line for line in lines if line)


def fetch(source: Source, folder: Path, pins: Mapping[str, str] | None = None) -> Iterator[Fetched]:
    """Download the wanted files of a data set; what is there and sound stays, what is half there is continued.

    Args:
        source: the data set.
        folder: where its files shall lie.
        pins: file → sha256 that somebody has checked, beside those of the source.

    Raises:
        BadFile: the archive cannot be reached, has no such file, or sent another content than its hash says.
    """
    import pooch  # only needed here
    import requests

    pooch.get_logger().setLevel("WARNING")  # the command says it in its own words
    try:
        listed = _listed(source, pooch)
        names = [name for name in sorted(listed) if any(fnmatch.fnmatch(name, one) for one in source.wanted)]
        if not names:
            raise BadFile(
                f"doi:{source.doi} has no file like {', '.join(source.wanted)}; it has: "
                f"{', '.join(sorted(listed)[:10])}."
            )
        for name in names:
            yield _one(source, name, listed[name], folder, {**source.hashes, **(pins or {})})
    except (requests.RequestException, OSError, ValueError) as error:
        raise BadFile(
            f"{source.name} could not be fetched ({_first_line(error)}). Try again, which continues where it ended, or "
            f"download {', '.join(source.wanted)} from https://doi.org/{source.doi} yourself and give the folder by "
            "--offline."
        ) from None


def check(source: Source, folder: Path, pins: Mapping[str, str] | None = None) -> Iterator[Fetched]:
    """The wanted files of a data set in a folder that somebody filled, their hashes checked as far as they are known.

    Raises:
        BadFile: none of them is there, or one has another content than its hash says.
    """
    known = {**source.hashes, **(pins or {})}
    found = [path for one in source.wanted for path in sorted(folder.glob(one)) if path.is_file()]
    if not found:
        raise BadFile(
            f"{folder} has none of {', '.join(source.wanted)} of {source.name}; download them from "
            f"https://doi.org/{source.doi} into it."
        )
    for path in dict.fromkeys(found):
        digest = _verified(path, known.get(path.name))
        yield Fetched(path, digest, "sha256" if path.name in known else "", False)


def unpack(path: Path, folder: Path) -> int:
    """Extract a zip archive into a folder; the number of files in it. Other files are left alone.

    Raises:
        BadFile: no sound archive, or one that would write outside the folder.
    """
    if path.suffix.lower() != ".zip":
        return 0
    root = folder.resolve()
    try:
        with zipfile.ZipFile(path) as package:
            members = [one for one in package.infolist() if not one.is_dir()]
            for member in members:
                target = (root / member.filename).resolve()
                if not target.is_relative_to(root):
                    raise BadFile(f'{path} holds "{member.filename}", outside of {folder}; it was not unpacked.')
            for member in members:
                _extract(package, member, root / member.filename)
    except zipfile.BadZipFile:
        raise BadFile(f"{path} is no sound zip archive; delete it and fetch it again.") from None
    return len(members)


def pinned(words: list[str]) -> dict[str, str]:
    """File → sha256 from words like "data.zip=sha256:ab12…".

    Raises:
        BadValue: a word of another form.
    """
    found = {}
    for word in words:
        name, _, stated = word.partition("=")
        digest = stated.removeprefix("sha256:").lower()
        if not name or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise BadValue(f'A hash is given as FILE=sha256:<64 hex digits>; got "{word}".')
        found[name] = digest
    return found


def _listed(source: Source, pooch) -> dict[str, str]:
    """File → hash that the archive states; of a plain address the wanted files without one."""
    if source.address != "doi:":
        return dict.fromkeys(source.wanted, "")
    keeper = pooch.create(path=os.devnull, base_url=f"doi:{source.doi}/", registry=None)
    keeper.load_registry_from_doi()
    return dict(keeper.registry)


def _one(source: Source, name: str, stated: str, folder: Path, known: Mapping[str, str]) -> Fetched:
    import pooch

    path = folder / name
    is_there = path.is_file()
    if not is_there:
        base = f"doi:{source.doi}" if source.address == "doi:" else source.address.rstrip("/")
        pooch.retrieve(
            f"{base}/{name}", known_hash=None, fname=name, path=folder, downloader=_Resuming(path), progressbar=False
        )
    try:
        digest = _verified(path, known.get(name))
        if stated and name not in known and not pooch.hashes.hash_matches(path, stated):
            raise BadFile(f"{path} is not what the archive says it is ({stated[:20]}…).")
    except BadFile as error:
        if not is_there:
            path.unlink()
        advice = "Delete it and fetch it again." if is_there else "It was deleted; fetch it again."
        raise BadFile(f"{error} {advice}") from None
    checked = "sha256" if name in known else "md5 of the archive" if stated else ""
    return Fetched(path, digest, checked, not is_there)


def _verified(path: Path, known: str | None) -> str:
    digest = sha256(path)
    if known is not None and digest != known:
        raise BadFile(f"{path} has sha256 {digest[:12]}…, and {known[:12]}… was expected.")
    return digest


@dataclass(frozen=True)
class _Resuming:
    """A downloader for pooch that keeps what a broken download left and asks only for the rest.

    Args:
        path: where the file shall lie in the end; what is half there lies beside it.
    """

    path: Path

    def __call__(self, url: str, output_file: str, pooch) -> None:
        """Download; `output_file` is pooch's own temporary file."""
        import requests

        address = _address(url)
        part = self.path.with_name(self.path.name + BROKEN)
        part.parent.mkdir(parents=True, exist_ok=True)
        begun = part.stat().st_size if part.is_file() else 0
        asked = {"Range": f"bytes={begun}-"} if begun else {}
        with requests.get(address, headers=asked, stream=True, timeout=WAIT) as answer:
            if begun and answer.status_code == requests.codes.requested_range_not_satisfiable:
                part.unlink()
                return self(url, output_file, pooch)
            answer.raise_for_status()
            goes_on = answer.status_code == requests.codes.partial_content
            with open(part, "ab" if goes_on else "wb") as file:
                for block in answer.iter_content(BLOCK):
                    file.write(block)
            whole = answer.headers.get("Content-Length")
            expected = (
                int(whole) + (begun if goes_on else 0) if whole and not answer.headers.get("Content-Encoding") else 0
            )
        if expected and part.stat().st_size < expected:
            raise OSError(f"{self.path.name} broke off after {part.stat().st_size} of {expected} bytes")
        shutil.move(part, output_file)
        return None


def _address(url: str) -> str:
    """Where a file of an archive lies; an address that is no DOI is returned as it is."""
    if not url.startswith("doi:"):
        return url
    from pooch.downloaders import doi_to_repository

    doi, _, name = url.removeprefix("doi:").rpartition("/")
    return doi_to_repository(doi).download_url(name)


def _extract(package: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    if target.is_file() and target.stat().st_size == member.file_size:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with package.open(member) as origin, open(part, "wb") as file:
            shutil.copyfileobj(origin, file)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:160]
