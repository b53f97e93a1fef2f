"""Names, units and timing of a rollout file.

Row i of an episode holds the state before control step i. Touch belongs to that state; joint forces and force sensors
were sampled after the step, so they belong to row i + 1; the file says which of the two holds for activation.
"""

DT = 0.01  # [s] the only control step mm-evalkit takes
NEAR = 1e-6  # [s] times closer than this are the same
PRE, POST = "pre_step", "post_step"
SENSORS = ("r_foot", "r_toes", "l_foot", "l_toes")  # columns of the touch observations
SIDES = {"_r": "right", "_l": "left"}
JOINTS = {  # house name → joint of MyoFullBody; on both sides the signs are the same as ours
    "hip_flexion": "hip_flexion",
    "hip_adduction": "hip_adduction",
    "hip_rotation": "hip_rotation",
    "knee_flexion": "knee_angle",
    "ankle_dorsiflexion": "ankle_angle",
    "subtalar_inversion": "subtalar_angle",
}
ANGLES = {f"{house}_{side}": joint + end for end, side in SIDES.items() for house, joint in JOINTS.items()}
HOUSE = ((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))  # house axes in the world of MyoFullBody
ROOT, FREE = "root", 7  # name of the free joint, and the entries it has in qpos
KINETICS = (  # all of them, or none
    "kinetics_sample_phase",
    "generalized_actuator_force_joint_names",
    "generalized_actuator_force_units",
    "force_sensor_names",
    "force_sensor_units",
    "model_mass_kg",
)
HEADER = ("n_episodes", "dt", "joint_names", "motion_group", "activation_sample_phase", *KINETICS)
EPISODE = (
    "traj_id",
    "traj_length",
    "joint_positions",
    "muscle_activations",
    "touch_observations",
    "generalized_actuator_forces",
    "force_sensor_values",
)
# Some exporters write these too; mm-evalkit passes them over.
MORE_HEADER = ("muscle_names",)
MORE_EPISODE = ("timesteps", "trial")
