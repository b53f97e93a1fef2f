"""Force plates of types 1 to 4 give back the force that made them, whatever sign and whichever way they lie."""

import made_c3d
import made_gait
import numpy as np
import pytest

from biomimic.errors import BadFile, BadValue
from biomimic.readers import Told, laboratory, read


@pytest.mark.parametrize(
    ("kind", "sign", "turn"),
    [(1, 1, 0), (1, -1, 1), (2, 1, 0), (2, -1, 1), (2, 1, 2), (3, 1, 3), (3, -1, 0), (4, 1, 1)],
)
def test_plates_of_every_type_give_the_force_on_the_person(tmp_path, kind, sign, turn):
    trial = read(made_c3d.write(tmp_path / "a.c3d", kind=kind, sign=sign, turn=turn))
    walk = made_gait.Walk()
    for side in ("right", "left"):
        begin = made_gait.FIRST[side]
        end = begin + made_gait.STANCE * made_gait.PERIOD
        inside = (trial.force.time > begin + 0.02) & (trial.force.time < end - 0.02)
        time = trial.force.time[inside]
        force, point = walk.force(time, side), walk.point(time, side)
        outward = np.sign(made_gait.WIDTH[side])
        found = [trial.force.channel(f"{name}_{side}")[inside] for name in ("anterior", "lateral", "vertical")]
        np.testing.assert_allclose(np.array(found).T, force * [1, outward, 1], atol=0.05)
        place = [trial.pressure.channel(f"pressure_{axis}_{side}")[inside] for axis in "xy"]
        np.testing.assert_allclose(np.array(place).T, point, atol=1e-3)
        np.testing.assert_allclose(
            trial.free_moment.channel(f"free_moment_{side}")[inside], 0.01 * force[:, 2], atol=0.02
        )
        assert np.abs(trial.force.channel(f"vertical_{side}")[trial.force.time < begin]).max() < 0.01
    assert trial.mass == made_gait.MASS


def test_times_begin_at_the_first_frame_and_events_count_from_frame_1(tmp_path):
    trial = read(made_c3d.write(tmp_path / "a.c3d", first=101))
    assert trial.force.time[0] == pytest.approx(100 / made_c3d.RATE)
    assert trial.angles.time[0] == pytest.approx(100 / made_c3d.RATE)
    marked = laboratory.read_events(tmp_path / "a.c3d")["right"]
    begin = made_gait.FIRST["right"] + 2.0
    assert marked.heel_strike == pytest.approx([begin, begin + made_gait.PERIOD])
    assert marked.toe_off[0] == pytest.approx(begin + made_gait.STANCE * made_gait.PERIOD) and np.isnan(
        marked.toe_off[1]
    )
    loaded = trial.force.time[trial.force.channel("vertical_right") > 20.0]
    assert loaded[0] == pytest.approx(begin, abs=0.02)


def test_a_plate_may_be_left_out_or_given_to_a_side(tmp_path):
    path = made_c3d.write(tmp_path / "a.c3d")
    without = read(path, Told(plates={"2": "none"}))
    assert without.force.channel("vertical_left").max() == 0.0 and without.force.channel("vertical_right").max() > 700
    with pytest.raises(BadValue, match="goes to the left foot, but a foot strike of the right foot is marked"):
        read(path, Told(plates={"1": "left", "2": "right"}))


def _corners(change):
    def apply(file):
        table = file["parameters"]["FORCE_PLATFORM"]["CORNERS"]["value"]
        file["parameters"]["FORCE_PLATFORM"]["CORNERS"]["value"] = change(np.array(table, float))

    return apply


def _type(number):
    return lambda file: file.add_parameter("FORCE_PLATFORM", "TYPE", [number, 2])


def _channel(file):
    table = np.array(file["parameters"]["FORCE_PLATFORM"]["CHANNEL"]["value"])
    table[0, 0] = 99
    file.add_parameter("FORCE_PLATFORM", "CHANNEL", table)


def _unit(file):
    file["parameters"]["ANALOG"]["UNITS"]["value"] = ["lb"] * 14


def _far(file):
    table = np.array(file["parameters"]["FORCE_PLATFORM"]["CORNERS"]["value"], float)
    table[1] += 3000.0
    file.add_parameter("FORCE_PLATFORM", "CORNERS", table)


def _other_foot(file):
    file.add_parameter("EVENT", "CONTEXTS", ["Left", "Left", "Left"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_type(5), "force plate 1 is of type 5; types 1 to 4 are read"),
        (_corners(lambda table: 0 * table), "corners of force plate 1 span no area"),
        (_far, "the nearer foot is .* m away .*leave that plate out"),
        (_channel, "force plate 1 names the analog channel 99; there are 14"),
        (_unit, 'channel 1 of force plate 1 is in "lb"; N is needed'),
        (_other_foot, "goes to the right foot, but a foot strike of the left foot is marked"),
    ],
)
def test_a_bad_plate_is_one_sentence(tmp_path, change, words):
    with pytest.raises((BadFile, BadValue), match=words):
        read(made_c3d.write(tmp_path / "a.c3d", change=change))
