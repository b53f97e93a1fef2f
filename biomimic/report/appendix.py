"""What stands behind the numbers: whether a verdict hangs on a setting, and known answers computed on the spot."""

from collections.abc import Sequence

from biomimic.report.blocks import Bullets, Paragraph, Section, Table

Rows = tuple[Sequence[str], Sequence[Sequence[str]]]  # header and rows of text


def settings(table: Rows, flips: int, note: str, held: Sequence[tuple[str, str]]) -> Section:
    """Section on the settings of the protocol, each moved one step down and up.

    Args:
        table: one row a step.
        flips: steps that change a gate or a criterion.
        note: what the steps cannot reach.
        held: settings that were not varied, and why.
    """
    header, rows = table
    verdict = f"{flips} of {len(rows)} steps change" if flips else f"None of {len(rows)} steps changes"
    blocks = [
        Paragraph(
            "Every setting of the protocol was moved one step down and up, all else held. "
            f"{verdict} a gate or a criterion. {note}"
        )
    ]
    if rows:
        caption = "Settings one step down and up: what flips, and the largest change of a domain's score."
        blocks.append(Table(caption, tuple(header), tuple(rows), "l" * len(header), name="sensitivity"))
    if held:
        blocks.append(Bullets(tuple(f"Not varied: {name}: {why}" for name, why in held)))
    return Section("sensitivity", "Does a verdict hang on a setting?", tuple(blocks))


def answers(table: Rows, right: int) -> Section:
    """Section on the known answers that this installation computed just before the report.

    Args:
        table: one row an answer.
        right: how many came out as expected.
    """
    header, rows = table
    words = f"{right} of {len(rows)} known answers were reproduced by this installation when this report was made."
    caption = "Known answers: what was computed, what was expected, within which tolerance, and who says so."
    block = Table(caption, tuple(header), tuple(rows), "l" * len(header), name="known-answers")
    return Section("selftest", "Known answers", (Paragraph(words), block))
