"""The steps that OpenSim does, one function each; every one leaves a setup file that OpenSim's window can run again.

All files of a step lie in one folder and name each other without a path.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

from biomimic.errors import BadFile, BadValue, unknown
from biomimic.lab import setup, tool
from biomimic.lab.settings import Dynamics, Kinematics, Scaling

Watch = Callable[[float], None] | None
_PELVIS = re.compile(r"^pelvis_")
_STATIC = re.compile(r"marker error: RMS = ([0-9.eE+-]+), max = ([0-9.eE+-]+) \((.*?)\)")


def weighted(markers: Iterable[str], model: Iterable[str], weights: Mapping[str, float]) -> dict[str, float]:
    """Marker → weight, of the markers that both the trial and the model have.

    Args:
        markers: of the trial.
        model: markers of the model.
        weights: marker → weight, "*" for all others; without "*" the others are left out.

    Raises:
        UnknownName: a weight is given for a marker that the trial or the model lacks.
        BadValue: a negative weight, or fewer than three markers are left.
    """
    markers, model = list(markers), list(model)
    for name, weight in weights.items():
        if name != "*" and weight and name not in markers:
            raise unknown("marker", name, markers, where="in the trial, which the weights ask for")
        if name != "*" and weight and name not in model:
            raise unknown("marker", name, model, where="on the model, which the weights ask for")
        if weight < 0:
            raise BadValue(f'The weight of marker "{name}" is {weight:g}; it must not be negative.')
    found = {name: weights.get(name, weights.get("*", 0.0)) for name in markers if name in model}
    found = {name: weight for name, weight in found.items() if weight > 0}
    if len(found) < 3:
        raise BadValue(
            f"Only {len(found)} markers are on both the model and the trial and have a weight; a pose needs three. The "
            f"trial has {', '.join(markers[:10])}; the model {', '.join(model[:10])}."
        )
    return found


def scale(folder: Path, model: dict, settings: Scaling, mass: float, static: tuple[str, ...]) -> Path:
    """The person's model scaled.osim from generic.osim and static.trc in the folder.

    Args:
        folder: of the run.
        model: description of the generic model, from `tool.prepare`.
        settings: what scales what.
        mass: of the person [kg].
        static: markers of the static trial.

    Raises:
        UnknownName: a measurement names a marker or body that is not there.
        BadFile: OpenSim stopped.
    """
    _check_measurements(settings, model, static)
    element = ElementTree.Element("ScaleTool", name="subject")
    setup.fill(element, mass=mass)
    maker = ElementTree.SubElement(element, "GenericModelMaker")
    setup.fill(maker, model_file="generic.osim")
    scaler = ElementTree.SubElement(element, "ModelScaler")
    span = (settings.start, settings.end)
    setup.fill(scaler, apply=True, scaling_order="measurements", marker_file="static.trc", time_range=span)
    setup.fill(scaler, preserve_mass_distribution=settings.preserve_mass_distribution)
    setup.fill(scaler, output_model_file="scaled.osim", output_scale_file="scale_factors.xml")
    group = setup.objects(scaler, "MeasurementSet")
    for name, measurement in settings.measurements.items():
        one = setup.fill(ElementTree.SubElement(group, "Measurement", name=name), apply=True)
        pairs = setup.objects(one, "MarkerPairSet")
        for pair in measurement.pairs:
            setup.fill(ElementTree.SubElement(pairs, "MarkerPair"), markers=pair)
        scaled = setup.objects(one, "BodyScaleSet")
        for body in measurement.bodies:
            setup.fill(ElementTree.SubElement(scaled, "BodyScale", name=body), axes=measurement.axes)
    placer = ElementTree.SubElement(element, "MarkerPlacer")
    setup.fill(placer, apply=settings.place, marker_file="static.trc", time_range=span)
    setup.fill(placer, output_model_file="scaled.osim", output_motion_file="static_pose.mot")
    _tasks(placer, weighted(static, model["markers"], settings.weights))
    file = setup.write(folder / "scale_setup.xml", element)
    tool.run("scale", file)
    if not (folder / "scaled.osim").is_file():
        raise BadFile(f"OpenSim's scaling left no model; see {file.with_suffix('.log')}.")
    return folder / "scaled.osim"


def static_errors(log: Path) -> tuple[float, float, str] | None:
    """RMS and largest distance of the markers in the static pose [m], and the marker; None where it was not posed."""
    found = _STATIC.findall(log.read_text(encoding="utf-8", errors="replace")) if log.is_file() else []
    return (float(found[0][0]), float(found[0][1]), found[0][2]) if found else None


def inverse_kinematics(
    folder: Path, weights: dict[str, float], settings: Kinematics, span: tuple[float, float], watch: Watch = None
) -> Path:
    """ik.mot from subject.osim and markers.trc in the folder, with marker errors and places beside it.

    Args:
        folder: of the run.
        weights: marker → weight, from `weighted`.
        settings: accuracy.
        span: first and last time [s].
        watch: told the time that was reached [s].
    """
    element = ElementTree.Element("InverseKinematicsTool", name="trial")
    setup.fill(element, results_directory=".", model_file="subject.osim", marker_file="markers.trc", time_range=span)
    setup.fill(element, accuracy=settings.accuracy, report_errors=True, report_marker_locations=True)
    setup.fill(element, output_motion_file="ik.mot")
    _tasks(element, weights)
    tool.run("ik", setup.write(folder / "ik_setup.xml", element), watch)
    for quantity in ("marker_errors", "model_marker_locations"):
        made = folder / f"trial_ik_{quantity}.sto"
        if not made.is_file():
            raise BadFile(f"OpenSim's inverse kinematics left no {made.name}; see {folder / 'ik_setup.log'}.")
        made.replace(folder / f"ik_{quantity}.sto")
    return folder / "ik.mot"


def inverse_dynamics(folder: Path, settings: Dynamics, span: tuple[float, float], has_loads: bool) -> Path:
    """id.sto from subject.osim, coordinates.mot and external_loads.xml in the folder; muscles make no force.

    Args:
        folder: of the run.
        settings: cut-off.
        span: first and last time [s].
        has_loads: whether there is ground force.
    """
    element = ElementTree.Element("InverseDynamicsTool", name="id")
    setup.fill(element, results_directory=".", model_file="subject.osim", time_range=span)
    setup.fill(element, forces_to_exclude="Muscles", coordinates_file="coordinates.mot")
    setup.fill(element, external_loads_file="external_loads.xml" if has_loads else "")
    setup.fill(element, lowpass_cutoff_frequency_for_coordinates=settings.cutoff or -1)
    setup.fill(element, output_gen_force_file="id.sto")
    tool.run("id", setup.write(folder / "id_setup.xml", element))
    return folder / "id.sto"


def static_optimisation(
    folder: Path, model: dict, settings: Dynamics, span: tuple[float, float], watch: Watch = None
) -> tuple[Path, Path]:
    """Muscle activations and forces that make the motion: so_activation.sto and so_force.sto in the folder.

    Joints without an actuator get a weak one, the pelvis a stronger one; what they had to do is the residual.

    Args:
        folder: of the run, with subject.osim, coordinates.mot and external_loads.xml.
        model: its description, from `tool.prepare`.
        settings: cut-off, exponent, reserves.
        span: first and last time [s].
        watch: told the time that was reached [s].
    """
    reserves = ElementTree.Element("ForceSet", name="reserves")
    group = ElementTree.SubElement(reserves, "objects")
    ElementTree.SubElement(reserves, "groups")
    for name, one in model["coordinates"].items():
        if one["follows"] or one["locked"] or name in model["actuated"]:
            continue
        strength = settings.residual if _PELVIS.match(name) else settings.reserve
        actuator = ElementTree.SubElement(group, "CoordinateActuator", name=f"reserve_{name}")
        setup.fill(actuator, min_control=-1e3, max_control=1e3, coordinate=name, optimal_force=strength)
    setup.write(folder / "reserves.xml", reserves)
    element = ElementTree.Element("AnalyzeTool", name="so")
    setup.fill(element, model_file="subject.osim", replace_force_set=False, force_set_files="reserves.xml")
    setup.fill(element, results_directory=".", output_precision=12, initial_time=span[0], final_time=span[1])
    setup.fill(element, external_loads_file="external_loads.xml", coordinates_file="coordinates.mot")
    setup.fill(element, lowpass_cutoff_frequency_for_coordinates=settings.cutoff or -1)
    analyses = setup.objects(element, "AnalysisSet", name="Analyses")
    analysis = ElementTree.SubElement(analyses, "StaticOptimization", name="StaticOptimization")
    setup.fill(analysis, on=True, start_time=span[0], end_time=span[1], step_interval=1, in_degrees=False)
    setup.fill(analysis, use_model_force_set=True, activation_exponent=settings.exponent, use_muscle_physiology=True)
    tool.run("analyze", setup.write(folder / "so_setup.xml", element), watch)
    for quantity in ("activation", "force"):
        made = folder / f"so_StaticOptimization_{quantity}.sto"
        if not made.is_file():
            raise BadFile(f"OpenSim's static optimisation left no {made.name}; see {folder / 'so_setup.log'}.")
        made.replace(folder / f"so_{quantity}.sto")
    return folder / "so_activation.sto", folder / "so_force.sto"


def _tasks(parent: ElementTree.Element, weights: dict[str, float]) -> None:
    group = setup.objects(parent, "IKTaskSet")
    for name, weight in weights.items():
        setup.fill(ElementTree.SubElement(group, "IKMarkerTask", name=name), apply=True, weight=weight)


def _check_measurements(settings: Scaling, model: dict, static: tuple[str, ...]) -> None:
    for name, measurement in settings.measurements.items():
        for marker in (one for pair in measurement.pairs for one in pair):
            for place, known in (("in the static trial", static), ("on the model", model["markers"])):
                if marker not in known:
                    raise unknown("marker", marker, known, where=f'{place}, which the measurement "{name}" needs')
        for body in measurement.bodies:
            if body not in model["bodies"]:
                raise unknown(
                    "body", body, model["bodies"], where=f'in the model, which the measurement "{name}" scales'
                )
