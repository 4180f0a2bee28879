"""Where traces go, as the settings say. Called by `build`."""

from forgehand import VERSION
from forgehand.assembly.logs import redactor, secrets_of
from forgehand.assembly.settings import Settings, SettingsError
from forgehand.ports.traces import SILENT, Traces


def traces_of(settings: Settings) -> Traces:
    """Raises SettingsError where they are asked for and OpenTelemetry is not installed."""
    if not settings.otlp_url:
        return SILENT
    try:
        # Imported here: whoever follows nothing pays nothing for it.
        from forgehand.adapters.traces import OpenTelemetry, to_collector
    except ImportError as error:
        raise SettingsError(
            f"FORGEHAND_OTLP_URL needs OpenTelemetry ({error.name} is missing): pip install 'forgehand[otel]'"
        ) from None
    return OpenTelemetry(to_collector(settings.otlp_url), redactor(secrets_of(settings)), version=VERSION)
