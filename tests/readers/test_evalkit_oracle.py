"""mm-evalkit 0.1.0 itself reads what is written, and its figures are ours once every definition is the same.

Runs in an environment of its own: `python -m tox run -e evalkit`.
"""

import warnings
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from biomimic import reference
from biomimic.gait import cycles as gait_cycles
from biomimic.gait import events, filters, strides
from biomimic.gait.cycles import Cycles
from biomimic.metrics import waveform
from biomimic.metrics.estimate import Resampling
from biomimic.readers import evalkit
from biomimic.recording import UNITS, Recording

pytest.importorskip("mm_evalkit")
if metadata.version("mm-evalkit") != "0.1.0":
    pytest.skip("these tests compare with mm-evalkit 0.1.0", allow_module_level=True)
savemat = pytest.importorskip("scipy.io").savemat
cli = pytest.importorskip("mm_evalkit.cli")
gait120 = pytest.importorskip("mm_evalkit.datasets.gait120")
channels = pytest.importorskip("mm_evalkit.workflows.gait.channels")
human_data = pytest.importorskip("mm_evalkit.workflows.gait.human_data")
kinetics_metrics = pytest.importorskip("mm_evalkit.workflows.gait.kinetics_metrics")
metrics = pytest.importorskip("mm_evalkit.workflows.gait.metrics")
numerics = pytest.importorskip("mm_evalkit.workflows.gait.numerics")
workflow = pytest.importorskip("mm_evalkit.workflows.gait.analysis")

RUN42 = Path(__file__).parents[2] / "runs/run42/recordings/level_walking/start_0.npz"
GROUP = "GAIT120_TESTING"  # its first two motions are trial 5 of the subjects 51 and 52
ANGLES = {
    "hip_flexion": "hip_flexion_r",
    "hip_adduction": "hip_adduction_r",
    "hip_rotation": "hip_rotation_r",
    "knee_flexion": "knee_angle_r",
    "ankle_dorsiflexion": "ankle_angle_r",
}
JOINTS = {f"{name}_{side}": joint[:-1] + side[0] for side in ("right", "left") for name, joint in ANGLES.items()}
OPPOSITE = ("knee_angle_r", "knee_angle_l", "hip_adduction_l")  # signs in the files of Gait120
CONTACT = slice(31, 141)  # one stride of the closed-form walk, from the first frame with contact to the next one


class Human(NamedTuple):
    """Curves of one person over one stride of the right side."""

    angles: dict[str, np.ndarray]  # joint → (N,) [deg], signs of the model
    activity: dict[str, np.ndarray]  # actuator → (N,)


def _write_human(folder: Path, subject: int, human: Human) -> None:
    """As Gait120 publishes a person: two equal steps of trial 5."""
    own = folder / "Gait120_051_to_060" / f"S{subject:03d}"
    values = [-curve if joint in OPPOSITE else curve for joint, curve in human.angles.items()]
    rows = np.column_stack([np.linspace(0.0, 1.0, len(values[0])), *values])
    lines = ["angles", "endheader", "\t".join(["time", *human.angles])]
    lines += ["\t".join(repr(float(value)) for value in row) for row in rows]
    emg = {gait120.Gait120_muscle_map[name]: curve for name, curve in human.activity.items()}
    for step in ("step01", "step02"):
        path = own / "JointAngle" / "LevelWalking" / "Trial05" / f"{step}.mot"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
    (own / "EMG").mkdir()
    steps = {step: {"EMGs_interpolated": emg} for step in ("Step01", "Step02")}
    savemat(own / "EMG" / "ConvertedData.mat", {"LevelWalking": {"Trial05": steps}})


def _write_kinetics(folder: Path, subject: int, walk: Recording) -> Path:
    """The moments and forces of the walk as those of a person, on the time axis of the imitated motion."""
    joints = {"hip_flexion": "hip_flexion", "knee_flexion": "knee_angle", "ankle_dorsiflexion": "ankle_angle"}
    moments = {
        f"{joint}_{side[0]}_moment": walk.moment.channel(f"muscle/{name}_{side}") * (-1 if "knee" in name else 1)
        for name, joint in joints.items()
        for side in ("right", "left")
    }
    each = round(walk.force.rate / 100.0)
    force = {f"ground_force_{side}_vy": walk.force.channel(f"vertical_{side}")[::each] for side in ("left", "right")}
    force["ground_force_left_vy"] = np.append(0.0, force["ground_force_left_vy"][1:])  # no window from the first frame
    path = folder / f"S{subject:03d}" / f"S{subject:03d}_Trial05_Step01_Step02.npz"
    path.parent.mkdir(parents=True)
    rows = len(walk.moment)
    np.savez(
        path,
        subject=f"S{subject:03d}",
        trial="Trial05",
        step_label="Step01_Step02",
        joint_torque=np.column_stack(list(moments.values())),
        joint_torque_columns=np.array(list(moments)),
        joint_torque_units="Nm",
        computed_grf=np.column_stack(list(force.values()))[:rows],
        computed_grf_columns=np.array(list(force)),
        computed_grf_units="N",
        subject_weight_kg=walk.mass,
    )
    return folder


def _policies(folder: Path, rollout: Path) -> Path:
    path = folder / "policies.yaml"
    path.write_text(f"policies:\n  - id: ours\n    label: ours\n    trajectory_data_path: {rollout}\n")
    return path


def _analysis(folder: Path, rollout: Path, **options):
    """State of mm-evalkit after it loaded a rollout and scored it against the people in `folder`; no warning passes."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        state = workflow.FullBodyAnalysis(
            "Gait120",
            dataset_dir=folder,
            policy_config_file=_policies(folder, rollout),
            motion_group=GROUP,
            plots_dir=folder / "out",
            **options,
        ).state
        human_data.select_gait_subset(state, None)
        metrics.compute_human_to_model_metrics_population(state)
    return state


def _until(walk: Recording, end: float) -> Recording:
    """The walk without what comes after."""
    known = {name: getattr(walk, name) for name in UNITS if getattr(walk, name) is not None}
    return replace(walk, **{name: signals.between(0.0, end) for name, signals in known.items()})


def _closed_form(simulated_walk) -> Recording:
    """Ends in a stance, so that mm-evalkit takes no unfinished stride for a whole one."""
    return _until(simulated_walk(channels.joint_names_myo, channels.muscle_names_myo), 9.605)


@pytest.fixture(params=["closed form", "run42"])
def walk(request, simulated_walk) -> Recording:
    """The walk in closed form, and a recorded one of run42 where `python -m biomimic.validate --run run42` made it."""
    if request.param == "closed form":
        return _closed_form(simulated_walk)
    if not RUN42.is_file():
        pytest.skip("run42 has not been simulated in this folder")
    return Recording.load(RUN42)


@pytest.fixture(scope="module")
def person() -> dict[str, waveform.Curves]:
    """Angles of a person on 101 points [rad]."""
    data = reference.load("rajagopal2016_walking")
    return {side: data.curves("angles", side) for side in ("right", "left")}


def _as_human(person: dict[str, waveform.Curves]) -> Human:
    """The person in the units of Gait120; the left side is half a stride late."""
    angles = {joint: np.degrees(person["right"].channel(name)) for name, joint in ANGLES.items()}
    for name, joint in ANGLES.items():
        left = np.degrees(person["left"].channel(name))[:-1]
        angles[joint[:-1] + "l"] = np.append(np.roll(left, 50), np.roll(left, 50)[0])
    turn = 2.0 * np.pi * np.linspace(0.0, 1.0, 101)
    return Human(angles, {name: 1.0 + np.sin(turn + k) for k, name in enumerate(gait120.Gait120_muscle_map)})


@pytest.mark.oracle("write")
def test_names_and_widths_are_those_of_mm_evalkit(walk):
    assert walk.activation.names == tuple(channels.muscle_names_myo)
    assert [name for name in walk.coordinates.names if "/" not in name] == channels.joint_names_myo[1:]


@pytest.mark.slow
@pytest.mark.oracle("write")
def test_its_command_runs_without_a_warning(tmp_path, simulated_walk, person):
    rollout = evalkit.write([_closed_form(simulated_walk)] * 2, tmp_path / "a.npz", motion_group=GROUP)
    for subject in (51, 52):
        _write_human(tmp_path, subject, _as_human(person))
    command = ["evaluate", "gait120", "--motion_group", GROUP, "--plots_dir", str(tmp_path / "out")]
    command += ["--dataset_dir", str(tmp_path), "--policy_config_file", str(_policies(tmp_path, rollout))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cli.main(command) == 0
    assert (tmp_path / "out/Gait120/all_gaits/metrics_summary_table.svg").is_file()


@pytest.mark.oracle("write")
def test_a_person_who_walks_just_so_is_matched_exactly(tmp_path, simulated_walk):
    """Names, order, units, signs and timing of angles and activation: any slip moves r from 1 or the error from 0."""
    walk = _closed_form(simulated_walk)
    angles = {joint: np.degrees(walk.angles.channel(name)[CONTACT]) for name, joint in JOINTS.items()}
    activity = {name: walk.activation.channel(name)[CONTACT] for name in gait120.Gait120_muscle_map}
    _write_human(tmp_path, 51, Human(angles, activity))
    rollout = evalkit.write([walk], tmp_path / "a.npz", motion_group=GROUP)
    run = _analysis(tmp_path, rollout).policies[0]
    assert set(run.all_gait_lengths) == {110}
    np.testing.assert_allclose([run.population.joint_corr[joint] for joint in angles], 1.0, atol=1e-9)
    np.testing.assert_allclose([run.population.joint_rmse[joint] for joint in angles], 0.0, atol=1e-9)
    np.testing.assert_allclose([run.population.muscle_corr[name] for name in activity], 1.0, atol=1e-9)


@pytest.mark.oracle("write")
def test_activation_called_late_would_be_late(tmp_path, simulated_walk):
    """The phase that is written matters: the same rows called post_step lose the match of the muscles."""
    walk = _closed_form(simulated_walk)
    activity = {name: walk.activation.channel(name)[CONTACT] for name in gait120.Gait120_muscle_map}
    angles = {joint: np.degrees(walk.angles.channel(name)[CONTACT]) for name, joint in JOINTS.items()}
    _write_human(tmp_path, 51, Human(angles, activity))
    with np.load(evalkit.write([walk], tmp_path / "a.npz")) as content:
        np.savez(tmp_path / "late.npz", **{**content, "activation_sample_phase": "post_step"})
    run = _analysis(tmp_path, tmp_path / "late.npz").policies[0]
    assert 0.99 < run.population.avg_muscle_corr["all_muscles"] < 0.999


@pytest.mark.oracle("write")
def test_moments_and_forces_of_a_person_who_walks_just_so(tmp_path, walk, person):
    """Sampled after the step, N m/kg with the knee's sign turned, both feet in body weights."""
    _write_human(tmp_path, 51, _as_human(person))
    folder = _write_kinetics(tmp_path / "kinetics", 51, walk)
    rollout = evalkit.write([walk], tmp_path / "a.npz", motion_group=GROUP)
    state = _analysis(tmp_path, rollout, kinetics_reference_dir=folder)
    kinetics_metrics.compute_kinetics_metrics(state)
    found = state.policies[0].kinetics_population
    for correlation in (found.torque_corr, found.grf_corr):
        np.testing.assert_allclose(list(correlation.values()), 1.0, atol=1e-9)
    for error in (found.torque_rmse, found.grf_rmse):
        np.testing.assert_allclose(list(error.values()), 0.0, atol=1e-9)


def _cut(walk: Recording, frames: list[tuple[int, int]], *, ends: int) -> strides.Strides:
    """Strides between frames, the last one `ends` frames before the next contact."""
    start, end = (np.array(column) / 100.0 for column in zip(*frames))
    unknown = np.full(len(start), np.nan)
    cycles = Cycles("right", start, unknown, end - ends / 100.0, unknown, unknown)
    return strides.cut(walk.angles, cycles)


def _strides(walk: Recording) -> Cycles:
    """Strides of the right side by our protocol: 20 N, the first two left out."""
    force = filters.low_pass(walk.force, order=4, cutoff=20.0)
    right, left = (events.detect(force, side=side, threshold=20.0, min_stance=0.2) for side in ("right", "left"))
    rule = gait_cycles.CycleRule(skip_strides=2)
    return gait_cycles.choose(right, left, span=(walk.angles.time[0], walk.angles.time[-1]), rule=rule)


def _of_protocol(walk: Recording, *, cutoff: float | None) -> strides.Strides:
    angles = walk.angles if cutoff is None else filters.low_pass(walk.angles, order=4, cutoff=cutoff)
    return strides.cut(angles, _strides(walk))


def _scores(cut: strides.Strides, human: strides.Curves, name: str) -> tuple[float, float]:
    """Our correlation and error [deg]."""
    resampling = Resampling(draws=1)
    error = waveform.rmse(cut, human, name, resampling).value
    return waveform.correlation(cut, human, name, resampling).value, float(np.degrees(error))


def ladder(walk: Recording, human: strides.Curves, frames: list[tuple[int, int]]) -> dict[str, dict[str, tuple]]:
    """Correlation and error [deg] of each angle, from our definitions to those of mm-evalkit, one change at a time."""
    chosen = _strides(walk).start
    same = [one for one in frames if np.abs(chosen - one[0] / 100.0).min() < 0.1]
    assert len(same) == len(chosen)
    parts = {
        "ours": _of_protocol(walk, cutoff=6.0),
        "angles not filtered": _of_protocol(walk, cutoff=None),
        "same strides, their contact": _cut(walk, same, ends=0),
        "their choice of strides": _cut(walk, frames, ends=0),
        "without the last frame": _cut(walk, frames, ends=1),
    }
    table = {step: {name: _scores(cut, human, name) for name in ANGLES} for step, cut in parts.items()}
    share = np.linspace(0.0, 1.0, 100)
    last = {}
    for name in ANGLES:
        rows = [walk.angles.channel(f"{name}_right")[start:end] for start, end in frames]
        mean = np.mean([np.interp(share, np.linspace(0.0, 1.0, len(row)), row) for row in rows], axis=0)
        person = np.interp(share, np.linspace(0.0, 1.0, 101), human.channel(name))
        error = np.degrees(np.sqrt(np.mean((mean - person) ** 2)))
        last[name] = float(waveform.pearson(mean, person)), float(error)
    return {**table, "100 points, linear": last}


@pytest.mark.oracle("correlation", "rmse", "pearson")
def test_the_same_curves_get_the_same_figures(walk, person):
    cut = _of_protocol(walk, cutoff=6.0)
    for name in ANGLES:
        mean, human = cut.channel(name).mean(axis=0), person["right"].channel(name)
        found = _scores(cut, person["right"], name)
        assert found[0] == pytest.approx(numerics.paired_pearson(mean, human), abs=1e-12)
        assert found[1] == pytest.approx(np.degrees(numerics.paired_rmse(mean, human)), abs=1e-12)


@pytest.mark.oracle("correlation", "rmse", "cut")
def test_the_same_walk_gets_the_same_figures_once_the_definitions_are_the_same(tmp_path, walk, person):
    _write_human(tmp_path, 51, _as_human(person))
    run = _analysis(tmp_path, evalkit.write([walk], tmp_path / "a.npz", motion_group=GROUP)).policies[0]
    frames = run.episode_gait_records[0]["gait_indexes"]
    table = ladder(walk, person["right"], frames)
    for name, joint in ANGLES.items():
        theirs = run.population.joint_corr[joint][0], run.population.joint_rmse[joint][0]
        assert table["100 points, linear"][name] == pytest.approx(theirs, abs=1e-9)
        for step in table.values():  # all definitions together move no figure by more
            assert step[name][0] == pytest.approx(theirs[0], abs=0.03)
            assert step[name][1] == pytest.approx(theirs[1], abs=0.5)


@pytest.mark.oracle("correlation")
def test_an_unfinished_stride_at_the_end_counts_as_a_whole_one_there_and_not_here(tmp_path, simulated_walk, person):
    walk = simulated_walk(channels.joint_names_myo, channels.muscle_names_myo)  # ends in a swing
    _write_human(tmp_path, 51, _as_human(person))
    run = _analysis(tmp_path, evalkit.write([walk], tmp_path / "a.npz", motion_group=GROUP)).policies[0]
    assert run.all_gait_lengths[-1] < 100 < 110 == run.all_gait_lengths[0]
    np.testing.assert_allclose(_of_protocol(walk, cutoff=6.0).duration, 1.1, atol=1e-3)
