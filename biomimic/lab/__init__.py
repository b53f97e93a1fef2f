"""A laboratory's raw trial through OpenSim to a Recording, and any Recording back to files that OpenSim opens."""
