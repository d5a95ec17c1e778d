"""What at least two services need and what names no business rule: transport, identity, time, telemetry, event contracts."""
