"""The dashboard: pages, actions, JSON and probes on a port of their own. Built by `assembly` with `build_admin`."""
