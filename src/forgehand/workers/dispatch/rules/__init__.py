"""What is dispatched, and why not: pure, from frozen facts to a plan with one explained verdict for each target."""
