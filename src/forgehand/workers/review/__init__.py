"""The review worker: analysers on both sides of a pull request, new findings on changed lines, said once."""
