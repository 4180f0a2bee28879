"""What wrong settings are raised as. Used by everything in this folder, and by whatever finds out later."""


class SettingsError(Exception):
    """The settings cannot be used; the message has one line per problem, each naming the variable and the remedy."""
