"""Workflow files and the runs that execute them: what GitHub calls Actions. Started by `acts.workflows`."""
