"""What Forgehand knows without touching the world: values and pure rules, standard library only."""
