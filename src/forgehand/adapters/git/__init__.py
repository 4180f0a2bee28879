"""Git by its command line, on bare repositories of our own: nothing is ever checked out."""
