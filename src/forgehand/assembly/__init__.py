"""Where ports meet adapters: settings read once, one profile built. The only importer of `adapters`."""
