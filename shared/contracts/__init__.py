"""The contracts of the events between services, one module per producing service."""
