"""Warm start: a policy that does what the tracker does, before any reinforcement learning."""
