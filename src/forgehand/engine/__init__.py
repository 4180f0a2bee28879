"""The machinery between a delivery and the world: intake, planner, runner, gate, and what keeps them going."""
