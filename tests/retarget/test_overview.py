"""The table and the page of results: order, marks, escaped names, drawings that are loaded late."""

import html.parser
import shutil
import subprocess
from html import escape

import pytest

from biomimic.retarget import outcome, overview
from biomimic.retarget.figures import Coupling, Ground, Limits, Nearness, Skate
from biomimic.retarget.outcome import Outcome
from biomimic.retarget.record import Record
from biomimic.retarget.tendons import Jumps

VOID = {"meta", "link", "br", "img", "input", "wbr", "hr"}


def _record(*, limits: float = 0.0, skate: float = 0.002, rmse: float = 0.012, angles: dict | None = None) -> Record:
    return Record(
        embodiment="myofullbody",
        model_sha256="0",
        rate=100.0,
        frames=200,
        limits=Limits(limits, limits, limits / 100.0, "knee_angle_r" if limits else "", 7 if limits else -1),
        ground=Ground(0.0, 0.0004, "r_foot_col1", 3, 0.02),
        jumps=Jumps(),
        coupling=Coupling(2e-6, "knee_angle_rotation2_r", 5, 1e-6),
        skate=Skate(4, skate, "r_foot_col1:-1", 20, 0.001, 0),
        nearness=Nearness(rmse, 0.04, "toe_left", 9, {"toe_left": 0.02}),
        angles=angles or {},
    )


def _result(out, name: str, record: Record, *, folder: str = ""):
    place, stem = outcome.place(out / folder, name)
    record.save(place / f"{stem}{outcome.RECORD}")
    (place / f"{stem}{outcome.FILM}").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg"><desc>{escape(stem)}</desc></svg>'
    )
    sizes = {path.name: path.stat().st_size for path in place.glob(f"{stem}.[rs]*")}
    Outcome(name, "key", f"{stem}.bvh", frames=200, seconds=0.5, files=sizes).save(place)


@pytest.fixture
def results(tmp_path):
    """Three results, one with a baseline, and two failures; a name with signs that a page must escape."""
    _result(tmp_path, "good", _record())
    _result(tmp_path, "a/bad", _record(limits=0.5, skate=0.02, angles={"knee_flexion_right": 0.1, "pelvis_tilt": 0.3}))
    _result(tmp_path, "so<b>so", _record(rmse=0.03))
    _result(tmp_path, "good", _record(limits=2.0), folder=outcome.BASELINE)
    Outcome("late", "key", "late.trc", sentence="late.trc is truncated & lost.").save(tmp_path)
    Outcome("fault", "key", "fault.trc", sentence="A fault of the program.", is_fault=True).save(tmp_path)
    return tmp_path


class _Balance(html.parser.HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"


def test_failures_first_then_the_most_troubled(results):
    assert [row.outcome.clip for row in overview.rows(results)] == ["fault", "late", "a/bad", "so<b>so", "good"]


def test_table_marks_what_is_beyond(results):
    lines = overview.text(overview.rows(results)).splitlines()
    assert lines[:3] == ["failed:", "  fault: A fault of the program.", "  late: late.trc is truncated & lost."]
    table = {line.split("  ")[0].strip() or "mink": line.split() for line in lines[4:]}
    assert table["a/bad"][1:] == [
        "200",
        "0.5!",
        "0.5",
        "0",
        "0.4",
        "0",
        "–",
        "0",
        "2e-06",
        "20!",
        "–",
        "12",
        "5.73!",
        "400",
    ]
    assert table["good"][2] == "0" and table["mink"][2] == "2!"
    assert table["ceiling"][1:] == ["0", "0", "0", "0", "0.0001", "5", "25", "4"]


def test_page_is_whole_and_escaped(results):
    page = overview.write(results, overview.rows(results)).read_text()
    balance = _Balance()
    balance.feed(page)
    assert balance.open == []
    assert "so&lt;b&gt;so" in page and "<b>so" not in page and "truncated &amp; lost" in page
    assert page.index("<desc>bad</desc>") < page.index("<desc>so&lt;b&gt;so</desc>") < page.index("<desc>good</desc>")
    assert "worst: knee_angle_r at frame 7" in page
    assert "skate per stance; RMSE of an angle</span>" in page
    targets = {attrs["id"] for _, attrs in balance.seen if "id" in attrs}
    assert {attrs["href"][1:] for tag, attrs in balance.seen if tag == "a"} <= targets


def test_many_drawings_are_loaded_when_they_come_into_view(results):
    balance = _Balance()
    balance.feed(overview.write(results, overview.rows(results), inline=1).read_text())
    images = [attrs for tag, attrs in balance.seen if tag == "img"]
    assert [image["src"] for image in images] == ["so%3Cb%3Eso.svg", "good.svg"]
    assert all(image["loading"] == "lazy" for image in images)


def test_damaged_record_is_a_failure_and_not_the_end(results):
    (results / f"good{outcome.RECORD}").write_text("{")
    found = {row.outcome.clip: row for row in overview.rows(results)}
    assert "is no JSON" in found["good"].outcome.sentence and not found["good"].cells
    overview.write(results, list(found.values()))


def test_nothing_but_failures(tmp_path):
    Outcome("late", "key", "late.trc", sentence="late.trc is truncated.").save(tmp_path)
    found = overview.rows(tmp_path)
    assert overview.text(found).splitlines()[:2] == ["failed:", "  late: late.trc is truncated."]
    assert "No clip has a result." in overview.write(tmp_path, found).read_text()


def test_part_of_a_killed_page_goes(results):
    part = results / f".{overview.PAGE}.7.part"
    part.write_text("half")
    overview.write(results, overview.rows(results))
    assert not part.exists()


def test_script_of_the_page_is_valid(results, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed, so the script cannot be checked")
    page = overview.write(results, overview.rows(results)).read_text()
    script = tmp_path / "page.js"
    script.write_text(page[page.index("<script>") + 8 : page.index("</script>")])
    assert subprocess.run([node, "--check", str(script)], capture_output=True).returncode == 0
