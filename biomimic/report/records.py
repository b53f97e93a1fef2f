"""Report → plain records with numbered sections, tables and figures: what both layouts read."""

from collections.abc import Callable

from biomimic.report.blocks import Block, Box, Bullets, Chips, Figure, Paragraph, Report, Section, Sources, Table


def numbered(report: Report, say: Callable[[str], str] = str) -> tuple[dict, ...]:
    """Sections as plain records, with sections, tables and figures numbered in order.

    Args:
        report: what both layouts show.
        say: how a layout writes a text, e.g. with its citations written out.
    """
    count = {"figure": 0, "table": 0}
    return tuple(_section(section, index, count, say) for index, section in enumerate(report.sections, start=1))


def _section(section: Section, index: int, count: dict, say: Callable[[str], str]) -> dict:
    return {
        "name": section.name,
        "number": index,
        "title": section.title,
        "tone": section.tone,
        "reason": say(section.reason),
        "blocks": [_record(block, count, say) for block in section.blocks],
    }


def _record(block: Block, count: dict, say: Callable[[str], str]) -> dict:
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": say(block.text)}
    if isinstance(block, Bullets):
        return {"kind": "bullets", "items": [say(item) for item in block.items]}
    if isinstance(block, Box):
        return {"kind": "box", "title": block.title, "items": [say(item) for item in block.items]}
    if isinstance(block, Chips):
        return {"kind": "chips", "title": block.title, "items": [_chip(chip, say) for chip in block.items]}
    if isinstance(block, Sources):
        return {"kind": "sources", "items": [dict(vars(source)) for source in block.items]}
    return _figure(block, count, say) if isinstance(block, Figure) else _table(block, count, say)


def _chip(chip, say: Callable[[str], str]) -> dict:
    return {**vars(chip), "detail": say(chip.detail)}


def _figure(block: Figure, count: dict, say: Callable[[str], str]) -> dict:
    count["figure"] += 1
    return {
        "kind": "figure",
        "name": block.name,
        "number": count["figure"],
        "alternative": block.alternative,
        **_caption(f"Figure {count['figure']}", block.caption, say),
    }


def _table(block: Table, count: dict, say: Callable[[str], str]) -> dict:
    count["table"] += 1
    return {
        "kind": "table",
        "name": f"{count['table']:02d}_{block.slug}",
        "number": count["table"],
        **_caption(f"Table {count['table']}", block.caption, say),
        "header": list(block.header),
        "rows": [[say(cell) for cell in row] for row in block.rows],
        "align": list(block.align),
        "tones": list(block.tones) or [""] * len(block.rows),
    }


def _caption(label: str, caption: str, say: Callable[[str], str]) -> dict:
    """The caption as one text, and apart: its label, its first sentence, the rest."""
    first, dot, rest = caption.partition(". ")
    return {
        "caption": f"{label}. {say(caption)}",
        "label": label,
        "first": say(first + dot.strip()),
        "rest": say(rest),
    }
