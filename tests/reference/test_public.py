"""Adapters of public data sets, each on a small folder of the same layout that the test writes."""

import math

import made_sources as made
import numpy as np
import pytest

from biomimic import reference
from biomimic.errors import BadFile, BadValue, UnknownName
from biomimic.reference import __main__ as command
from biomimic.reference import fukuchi2018, gait120, lencioni2019, population, schreiber2019, sheets, wang2022


def built(module, folder, facts=None, **options):
    """Name → data set of a folder."""
    return population.build(module.read(folder, facts or {}), module.SOURCE, **options)


def test_fukuchi_becomes_people_by_condition(tmp_path):
    made.fukuchi(tmp_path)
    assert command.main(["build", "fukuchi2018", "--raw", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    names = reference.names(tmp_path / "out")
    assert names == tuple(f"fukuchi2018_{one}" for one in ("overground_comfortable", "overground_slow", "treadmill_3"))
    data = reference.load("fukuchi2018_overground_comfortable", tmp_path / "out")
    assert (data.entry.of, data.entry.subjects, data.n) == ("subjects", 3, 3) and data.mass == pytest.approx(62.0)
    # trials of 1.2 and 1.3 m/s, each person a hundredth faster than the one before: means 1.26, 1.27, 1.28
    assert data.figure("speed").mean == pytest.approx(1.27) and data.figure("speed").sd == pytest.approx(0.01)
    assert reference.load(str(tmp_path / "out" / data.name)).provenance == data.provenance  # also by its path
    people = made.curves()
    for side in ("right", "left"):
        rows = data.strides("angles", side).channel("knee_flexion")
        assert rows == pytest.approx(np.array([one["knee_flexion"] for one in people]), abs=1e-4)
        force = data.strides("force", side)
        assert force.channel("vertical") == pytest.approx(np.array([made.vertical(one) for one in people]), abs=1e-5)
        assert force.channel("anterior")[0] == pytest.approx(made.anterior(), abs=1e-5)
    source = (tmp_path / "out" / "fukuchi2018_treadmill_3" / "SOURCE.md").read_text()
    assert "- row 2: WBDS02" in source and "CC BY 4.0" in source and "PeerJ" in source


def test_fukuchi_by_speed_counts_a_person_once(tmp_path):
    made.fukuchi(tmp_path, workbook=True)
    found = built(fukuchi2018, tmp_path, bin_width=0.4)
    # slow 0.91 to 0.93 and treadmill 1.1 m/s lie in 0.8 to 1.2, comfortable 1.26 to 1.28 in 1.2 to 1.6
    assert list(found) == ["fukuchi2018_120_to_160_cm_per_s", "fukuchi2018_80_to_120_cm_per_s"]
    assert [one.entry.subjects for one in found.values()] == [3, 3]
    text = found["fukuchi2018_80_to_120_cm_per_s"].content["spatiotemporal.csv"]
    assert "speed,,1,m/s,1.005" in text  # person 1: mean of 0.91 and 1.1


def test_a_wrong_sign_is_refused_by_name(tmp_path):
    made.fukuchi(tmp_path, knee_sign=-1.0)
    walks = fukuchi2018.read(tmp_path, {})
    with pytest.raises(
        BadFile, match=r"WBDS01walkOCang\.txt: knee_flexion of the right side is largest .* not in swing"
    ):
        population.build(walks, fukuchi2018.SOURCE)


def test_what_is_missing_is_named(tmp_path):
    made.fukuchi(tmp_path)
    file = next((tmp_path / "ascii").glob("WBDS02walkOSang.txt"))
    whole = file.read_text()
    file.write_text(whole.replace("RKneeAngleZ", "RKneeAngle"))
    with pytest.raises(BadFile, match=r"WBDS02walkOSang\.txt has no column RKneeAngleZ; it has: Time, RHipAngleX"):
        fukuchi2018.read(tmp_path, {})
    file.write_text("\n".join(whole.splitlines()[:50]))
    with pytest.raises(BadFile, match=r"WBDS02walkOSang\.txt has 49 rows .* one stride of 101 was expected"):
        fukuchi2018.read(tmp_path, {})
    (tmp_path / "WBDSinfo.csv").unlink()
    with pytest.raises(BadFile, match=r"no WBDSinfo\.xlsx or WBDSinfo\.csv"):
        fukuchi2018.read(tmp_path, {})


def test_wang_is_turned_and_asks_for_what_its_files_do_not_say(tmp_path):
    made.wang(tmp_path)
    with pytest.raises(BadValue, match="does not say anybody's mass; give the mean by --assume mass_kg=70"):
        built(wang2022, tmp_path)
    with pytest.raises(BadValue, match=r"does not say its speed; give it by --assume walk_36=1\.2"):
        built(wang2022, tmp_path, mass=70.0, bin_width=0.2)
    found = built(wang2022, tmp_path, {"walk_45": 1.25}, mass=70.0)
    assert list(found) == ["wang2022_walk_36", "wang2022_walk_45"]
    assert "speed,,1,m/s,1.25" in found["wang2022_walk_45"].content["spatiotemporal.csv"]
    walk = wang2022.read(tmp_path, {})[0]
    person = made.curves()[0]
    angles = walk.parts["angles", "right", "stride"]
    assert angles.channel("knee_flexion")[0, :-1] == pytest.approx(person["knee_flexion"][:-1], abs=1e-9)
    assert angles.channel("knee_flexion")[0, -1] == angles.channel("knee_flexion")[0, 0]  # the stride is closed
    muscles = walk.parts["activity", "right", "stride"]
    assert muscles.channel("gastrocnemius")[0] == pytest.approx(0.3)  # mean of both heads, 0.2 and 0.4
    assert muscles.channel("soleus")[0, 42] == pytest.approx(person["soleus"][42])
    assert "" not in muscles.names and len(muscles.names) == 8 and math.isnan(walk.speed)


def test_wang_of_another_sign_or_shape_is_refused(tmp_path):
    made.wang(tmp_path / "sign", knee_sign=1.0)
    with pytest.raises(BadFile, match="knee_flexion of the right side is largest"):
        built(wang2022, tmp_path / "sign", mass=70.0)
    own = tmp_path / "shape" / "Subj04"
    own.mkdir(parents=True)
    from scipy.io import savemat

    savemat(own / "Subj04_walk_45.mat", {"Datastr": {"Resample": {"Sych": {"Other": 1}}}})
    with pytest.raises(BadFile, match=r"there is no Average in Datastr\.Resample\.Sych; it has: Other"):
        wang2022.read(tmp_path / "shape", {})
    (own / "Subj04_walk_45.mat").write_bytes(b"no MATLAB file at all")
    with pytest.raises(BadFile, match=r"Subj04_walk_45\.mat cannot be read as a MATLAB file"):
        wang2022.read(tmp_path / "shape", {})


def test_gait120_is_a_left_leg_until_the_right_strike_is_told(tmp_path):
    made.gait120(tmp_path)
    walk = gait120.read(tmp_path, {})[0]
    assert set(walk.parts) == {("angles", "left", "stride")} and math.isnan(walk.speed)
    person = made.curves(2)[0]
    left = walk.parts["angles", "left", "stride"]
    assert len(left) == 2 and left.duration == pytest.approx(1.1)
    assert left.channel("knee_flexion") == pytest.approx(np.tile(person["knee_flexion"], (2, 1)), abs=1e-6)
    assert np.degrees(left.channel("hip_adduction")) == pytest.approx(3.0)  # the left one is the other way round
    told = gait120.read(tmp_path, {"right_strike": 0.5, "LevelWalking": 1.3})[0]
    right, muscles = told.parts["angles", "right", "stride"], told.parts["activity", "right", "stride"]
    assert right.channel("knee_flexion")[0, 1:-1] == pytest.approx(person["knee_flexion"][1:-1], abs=2e-3)
    assert np.degrees(right.channel("hip_adduction")) == pytest.approx(3.0)
    assert abs(int(muscles.channel("soleus")[0].argmax()) - int(person["soleus"].argmax())) <= 1
    found = built(gait120, tmp_path, {"right_strike": 0.5}, mass=gait120.MEAN_MASS)
    assert found["gait120_level_walking"].entry.mass_kg == 74.2


def test_gait120_proves_its_sign_and_its_share(tmp_path):
    made.gait120(tmp_path, knee_sign=1.0)
    with pytest.raises(BadFile, match="S001: knee_flexion of the left side is largest"):
        built(gait120, tmp_path, mass=74.2)
    with pytest.raises(BadValue, match="right_strike is the share of a left stride, near its middle; got 50"):
        gait120.read(tmp_path, {"right_strike": 50})


def test_lencioni_is_read_as_it_is_described(tmp_path):
    made.lencioni(tmp_path)
    found = built(lencioni2019, tmp_path)
    assert list(found) == ["lencioni2019_walking"] and found["lencioni2019_walking"].entry.subjects == 2
    walk = lencioni2019.read(tmp_path, {})[0]
    person = made.curves(2)[0]
    knee = walk.parts["angles", "right", "stride"]
    assert len(knee) == 2 and knee.channel("knee_flexion")[0] == pytest.approx(person["knee_flexion"])
    assert len(walk.parts["angles", "left", "stride"]) == 1 and walk.mass == 61.0
    assert walk.parts["force", "right", "stride"].channel("vertical")[0] == pytest.approx(made.vertical(person))
    assert walk.speed == pytest.approx((1.2 + 1.4 + 1.2) / 3)  # the stairs do not count


def test_lencioni_is_not_guessed(tmp_path):
    made.lencioni(tmp_path)
    (tmp_path / "lencioni2019.toml").unlink()
    with pytest.raises(BadFile, match=r"no lencioni2019\.toml.*not confirmed here and are not guessed"):
        lencioni2019.read(tmp_path, {})
    made.lencioni(tmp_path, made.LENCIONI.replace('unit = "N"', 'unit = "kN"'))
    with pytest.raises(UnknownName, match='No unit of force "kN" in lencioni2019.toml. It has: N, N/kg, BW'):
        lencioni2019.read(tmp_path, {})
    made.lencioni(tmp_path, made.LENCIONI.replace("row = 1", "row = 7"))
    with pytest.raises(BadFile, match=r"Ang is \(2, 101\); lencioni2019\.toml wants its row 7"):
        lencioni2019.read(tmp_path, {})
    made.lencioni(tmp_path, made.LENCIONI.replace("sign = -1", "sign = 1"))
    with pytest.raises(BadFile, match="knee_flexion of the right side is largest"):
        built(lencioni2019, tmp_path)


def test_schreiber_asks_for_masses(tmp_path):
    with pytest.raises(BadFile, match=r"no people\.csv.*columns person and mass_kg"):
        schreiber2019.read(tmp_path, {})
    (tmp_path / "people.csv").write_text("person,mass_kg\n2014001,70.5\n")
    with pytest.raises(BadFile, match=r"no files like 2014001/2014001_C1_01\.c3d"):
        schreiber2019.read(tmp_path, {})
    (tmp_path / "2014002").mkdir()
    (tmp_path / "2014002" / "2014002_C4_01.c3d").write_bytes(b"")
    with pytest.raises(BadFile, match=r"people\.csv says no mass of 2014002"):
        schreiber2019.read(tmp_path, {})
    (tmp_path / "people.csv").write_text("name,kg\n2014002,70.5\n")
    with pytest.raises(BadFile, match=r"begins with name, kg; its columns are person and mass_kg"):
        schreiber2019.read(tmp_path, {})
    (tmp_path / "people.csv").write_text("person,mass_kg\n2014002,70.5\n")
    with pytest.raises(BadFile, match=r"no trial of C4 has a whole contact of a foot\. .*2014002_C4_01\.c3d"):
        schreiber2019.read(tmp_path, {})


def test_data_sets_join_a_registry_that_is_there(tmp_path):
    (tmp_path / "raw1").mkdir()
    made.fukuchi(tmp_path / "raw1")
    made.lencioni(tmp_path / "raw2")
    for name, folder in (("fukuchi2018", "raw1"), ("lencioni2019", "raw2"), ("lencioni2019", "raw2")):
        assert command.main(["build", name, "--raw", str(tmp_path / folder), "--out", str(tmp_path / "out")]) == 0
    names = reference.names(tmp_path / "out")
    assert len(names) == 4 and "lencioni2019_walking" in names
    for name in names:
        assert reference.load(name, tmp_path / "out").entry.of == "subjects"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["build", "fukuchi2019", "--raw", ".", "--out", "x"], 'No public data set "fukuchi2019".*fukuchi2018'),
        (["build", "wang2022", "--raw", "nowhere", "--out", "x"], "nowhere is no folder; fetch wang2022"),
        (["build", "wang2022", "--raw", ".", "--out", "x", "--assume", "mass_kg=heavy"], 'NAME=NUMBER.*got "mass_kg='),
        (["fetch", "wang2022", "--hash", "a.zip=md5:12"], 'FILE=sha256:<64 hex digits>; got "a.zip=md5:12"'),
    ],
)
def test_the_command_refuses_in_one_sentence(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command.main(words) == 2
    import re

    assert re.search(message, capsys.readouterr().err) and not list(tmp_path.iterdir())


def test_a_workbook_is_read_like_its_text(tmp_path):
    made.fukuchi(tmp_path)
    (tmp_path / "b").mkdir()
    made.fukuchi(tmp_path / "b", workbook=True)
    assert sheets.rows(tmp_path / "b" / "WBDSinfo.xlsx") == sheets.rows(tmp_path / "WBDSinfo.csv")
    (tmp_path / "b" / "WBDSinfo.xlsx").write_bytes(b"PK broken")
    with pytest.raises(BadFile, match=r"WBDSinfo\.xlsx is no \.xlsx workbook"):
        sheets.rows(tmp_path / "b" / "WBDSinfo.xlsx")


def test_the_list_names_licences_and_what_has_to_be_told(capsys):
    assert command.main(["list"]) == 0
    said = capsys.readouterr().out
    for name in ("rajagopal2016_walking", "gait120", "fukuchi2018", "wang2022", "lencioni2019", "schreiber2019"):
        assert name in said
    assert "doi:10.6084/m9.figshare.5722711" in said and "--assume right_strike=" in said
