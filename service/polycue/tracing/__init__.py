"""What was done when, within what and for which request: spans of OpenTelemetry, if asked for."""
