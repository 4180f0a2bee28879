"""What can happen on the practice forge. Both doors lead here: the REST routes and the calls of `Forge`."""
