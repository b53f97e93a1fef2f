import subprocess
import sys

import numpy as np
import pytest

from biomimic import reference
from biomimic.errors import BadFile, BadValue, UnknownName
from biomimic.gait.strides import POINTS, Strides
from biomimic.provenance import sha256
from biomimic.reference import __main__ as command
from biomimic.reference import table

ENTRY = reference.Entry("Tiny", "doi:10.1/x", "CC0", "nobody", "curves", 1, 70.0, "trials")


def _strides(side="right", phase="stride"):
    values = np.linspace(0, 1, 2 * POINTS * 2).reshape(2, POINTS, 2)
    values[1, :, 1] = np.nan
    return Strides(side, ("knee_flexion", "hip_flexion"), "rad", values, [1.0, 1.2], [0.6, 0.62], [4, 7], phase)


@pytest.fixture
def tiny(tmp_path):
    rows = [("speed", "", 4, "m/s", 1.2), ("speed", "", 7, "m/s", 1.4)]
    for trial, time, stance in ((4, 1.0, 0.6), (7, 1.2, 0.62)):
        rows += [("stride_time", "right", trial, "s", time), ("stance_fraction", "right", trial, "1", stance)]
    content = dict([table.curves_file(_strides(), "angles"), table.figures_file(rows)])
    (tmp_path / "tiny").mkdir()
    for name, text in content.items():
        (tmp_path / "tiny" / name).write_text(text)
    (tmp_path / "registry.toml").write_text(table.entry_text("tiny", ENTRY, content))
    return tmp_path


def test_what_was_written_is_loaded(tiny):
    data = reference.load("tiny", tiny)
    part = data.strides("angles", "right")
    np.testing.assert_allclose(part.values, _strides().values, atol=1e-6)
    np.testing.assert_array_equal(part.duration, [1.0, 1.2])
    np.testing.assert_array_equal(part.stance, [0.6, 0.62])
    np.testing.assert_array_equal(part.trial, [4, 7])
    curves = data.curves("angles", "right")
    assert (curves.n, curves.of, curves.unit, data.n, data.mass) == (2, "trials", "rad", 2, 70.0)
    # 1.2 and 1.4: mean 1.3, SD sqrt(0.02)
    assert data.figure("speed") == reference.Figure(pytest.approx(1.3), pytest.approx(0.02**0.5), 2, "m/s")
    assert data.provenance.licence == "CC0" and len(data.provenance.sha256) == 64
    assert reference.names(tiny) == ("tiny",)


def test_a_changed_file_is_refused(tiny):
    file = tiny / "tiny" / "angles_right.csv"
    file.write_text(file.read_text().replace("0.5", "0.6"))
    with pytest.raises(
        BadFile, match=r"angles_right\.csv has changed: registry\.toml says sha256:.*Restore the file, or"
    ):
        reference.load("tiny", tiny)


def test_a_missing_file_is_named(tiny):
    (tiny / "tiny" / "angles_right.csv").unlink()
    with pytest.raises(BadFile, match=r"angles_right\.csv cannot be read"):
        reference.load("tiny", tiny)


def test_unknown_names_offer_what_there_is(tiny):
    with pytest.raises(UnknownName, match='No reference data "tinny" .* Did you mean "tiny"'):
        reference.load("tinny", tiny)
    with pytest.raises(UnknownName, match='"force left stride" in reference "tiny". It has: angles right stride'):
        reference.load("tiny", tiny).curves("force", "left")
    with pytest.raises(UnknownName, match='No figure "sped"'):
        reference.load("tiny", tiny).figure("sped")


@pytest.mark.parametrize(
    ("old", "new", "kind", "message"),
    [
        ('licence = "CC0"', 'licence = ""', BadValue, r"\[tiny\] has no source or no licence"),
        ('licence = "CC0"\n', "", BadFile, r'the key "licence" is missing in \[tiny\]'),
        ("mass_kg = 70.0", "mass_kg = 0.07", BadValue, "mass_kg = 0.07 is out of range"),
    ],
)
def test_registry_without_licence_or_with_a_wrong_mass(tiny, old, new, kind, message):
    file = tiny / "registry.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(kind, match=message):
        reference.load("tiny", tiny)


def test_time_series_become_a_recording(tmp_path):
    (tmp_path / "walk").mkdir()
    file = tmp_path / "walk" / "angles.csv"
    file.write_text("time,knee_flexion_right\n0,0.1\n0.01,\n")
    (tmp_path / "registry.toml").write_text(
        '[walk]\ntitle = "Walk"\nsource = "here"\nlicence = "CC0"\nattribution = ""\nform = "recording"\nsubjects = 1\n'
        f'mass_kg = 70.0\n[walk.files]\n"angles.csv" = "sha256:{sha256(file)}"\n'
    )
    (recording,) = reference.load("walk", tmp_path).recordings
    assert recording.kind == "measured" and recording.mass == 70.0 and recording.angles.unit == "rad"
    np.testing.assert_array_equal(recording.angles.values[:, 0], [0.1, np.nan])


@pytest.mark.parametrize("name", ["rajagopal2016_walking", "falisse2019_walking"])
def test_shipped_data_are_plausible_walking(name):
    """Limits every healthy adult keeps at 1.2 to 1.4 m/s (Winter 1991, chapters 2 to 4; peaks to a few degrees)."""
    data = reference.load(name)
    knee = np.degrees(data.curves("angles", "right").channel("knee_flexion"))
    assert 55 < knee.max() < 75 and 68 <= knee.argmax() <= 80 and knee.min() > -5
    ankle = np.degrees(data.curves("angles", "right").channel("ankle_dorsiflexion"))
    assert 55 <= ankle.argmin() <= 75 and 35 <= ankle[:60].argmax() <= 58
    hip = np.degrees(data.curves("angles", "right").channel("hip_flexion"))
    assert 45 <= hip.argmin() <= 60 and hip.max() > 20
    vertical = data.curves("force", "right", "stance").channel("vertical")
    assert 15 <= vertical[:50].argmax() <= 32 and 68 <= 50 + vertical[50:].argmax() <= 80
    assert 0.9 < vertical.max() < 1.25 and min(vertical[:50].max(), vertical[50:].max()) - vertical[30:70].min() > 0.1
    anterior = data.curves("force", "right", "stance").channel("anterior")
    assert anterior[:50].min() < -0.1 and anterior[50:].max() > 0.1  # brakes, then pushes
    assert data.curves("force", "right").channel("lateral").min() < -0.03  # towards the midline
    moment = data.curves("moment", "right")
    assert moment.channel("ankle_dorsiflexion").min() < -1.0 and moment.channel("knee_flexion")[:30].min() < -0.4
    soleus, tibialis = (data.curves("activity", "right").channel(m) for m in ("soleus", "tibialis_anterior"))
    assert 35 <= soleus.argmax() <= 55 and (tibialis.argmax() <= 12 or tibialis.argmax() >= 95)
    assert 1.2 < data.figure("speed").mean < 1.4 and 0.6 < data.figure("stance_fraction", "right").mean < 0.68


def test_rajagopal_is_one_stride_per_side_on_one_period():
    data = reference.load("rajagopal2016_walking")
    assert data.n == 1 and data.curves("angles", "left").sd is None and data.entry.of == "strides"
    np.testing.assert_allclose(data.strides("angles", "right").duration, 1.1445, atol=2e-3)  # 0.2665 to 1.411 s
    np.testing.assert_allclose(data.strides("force", "left").stance, (1.5895 - 0.8355) / 1.1445, atol=3e-3)
    assert abs(data.figure("mass_plates").mean - data.mass) < 0.01 * data.mass
    total = sum(data.curves("force", side).channel("vertical")[:-1].mean() for side in ("right", "left"))
    assert abs(total - 1.0) < 0.01
    for side in ("right", "left"):
        angles = data.curves("angles", side).mean
        assert np.degrees(np.abs(angles[0] - angles[-1])).max() < 1e-3  # folded: it ends where it began


@pytest.mark.published
def test_falisse_equals_the_curves_of_the_paper(shared_data):
    """Mean and SD made from the same file by others, on 100 points."""
    import pandas as pd

    data = reference.load("falisse2019_walking")
    assert (data.n, data.entry.of) == (11, "trials")
    published = pd.read_csv(shared_data / "falisse2019-walk" / "falisse2019_mean_sd.csv")
    for variable, name, sign in (("knee_angle", "knee_flexion", -1), ("hip_flexion", "hip_flexion", 1)):
        rows = published[(published.quantity == "joint_angle") & (published.variable == variable)]
        mean = np.interp(np.linspace(0, 100, POINTS), rows.cycle_percent, sign * rows["mean"])
        np.testing.assert_allclose(np.degrees(data.curves("angles", "right").channel(name)), mean, atol=0.15)
        spread = np.degrees(data.curves("angles", "right").spread(name))
        expected = np.interp(np.linspace(0, 100, POINTS), rows.cycle_percent, rows["sd"])
        assert np.abs(spread / expected - 1.0).max() < 0.06  # divided by n at the source, by n - 1 here: 4.9 %


def test_the_command_remakes_the_shipped_files(shared_data, tmp_path):
    from biomimic import share

    command.build(shared_data, tmp_path)
    shipped = share.folder("reference_data")
    for file in sorted(tmp_path.rglob("*.*")):
        assert file.read_bytes() == (shipped / file.relative_to(tmp_path)).read_bytes(), file.name


def test_command_says_in_one_sentence_what_is_missing(tmp_path):
    words = ["-m", "biomimic.reference", "build", "--raw", str(tmp_path), "--out", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "falisse2019-walk does not exist" in done.stderr and not (tmp_path / "out").exists()
