"""Logs (structlog, JSON lines), metrics (Prometheus) and the trace that runs through HTTP and AMQP. No personal data in any of them."""

from __future__ import annotations

import logging
import re
import secrets
import sys
from contextvars import ContextVar

import structlog
from prometheus_client import Counter, Gauge, Histogram

traceparent: ContextVar[str] = ContextVar("traceparent", default="")

_TRACEPARENT = re.compile(r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")

EVENTS_RECEIVED = Counter("minyi_events_received_total", "Events taken from the queue", ["service", "outcome"])
EVENTS_PUBLISHED = Counter("minyi_events_published_total", "Events confirmed by the broker", ["service"])
EVENTS_FAILED = Counter("minyi_events_failed_total", "Events that failed and went to a retry queue or to .dead", ["service", "to"])
WRITE_CONFLICTS = Counter("minyi_write_conflicts_total", "Guarded writes that lost against another writer", ["service"])
SWEPT = Counter("minyi_outbox_swept_total", "Documents whose outbox the sweeper, not the writer, relayed", ["service"])
HANDLE_SECONDS = Histogram("minyi_event_handle_seconds", "From taking an event to its acknowledgement", ["service"])
TIMERS_FIRED = Counter("minyi_timers_fired_total", "Documents in which something was done by the clock alone", ["service"])
TIMERS_FAILED = Counter("minyi_timers_failed_total", "Timers that met a defect; they are tried again", ["service"])
TIMER_LAG = Gauge("minyi_timer_lag_seconds", "How long the earliest that is due has been due, by business time; 0: nothing is", ["service"])
DELIVERY_TRIES = Counter("minyi_delivery_tries_total", "Sends and questions to a channel, by what came of them", ["channel", "result"])
DELIVERIES_WAITING = Gauge("minyi_deliveries_waiting", "Replies that wait for a channel: its trouble, its limit, the night", ["channel"])
PROVISIONAL_DEADLINES = Gauge("minyi_provisional_deadlines", "Cases with a deadline that no published calendar covers")
IN_HAND = Gauge("minyi_events_in_hand", "Messages taken and not yet acknowledged", ["service"])


def configure_logging(service: str, level: str) -> None:
    """JSON lines on stdout, stamped with the service and the trace id."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _add_trace,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stdout, format='{"level":"%(levelname)s","logger":"%(name)s","event":"%(message)s"}'
    )
    # aio-pika and the driver log reconnects with URLs in them; our own lines say the same without credentials.
    for noisy in ("aio_pika", "aiormq", "pymongo"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)


def _add_trace(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    current = traceparent.get()
    if current:
        event["trace"] = current[3:35]
    return event


def log() -> structlog.stdlib.BoundLogger:
    return structlog.get_logger()  # type: ignore[no-any-return]


def continue_trace(incoming: str) -> str:
    """Take part in the caller's trace, or begin one (W3C Trace Context). Sets the context's traceparent and returns it."""
    if _TRACEPARENT.match(incoming):
        current = f"{incoming[:36]}{secrets.token_hex(8)}{incoming[52:]}"
    else:
        current = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    traceparent.set(current)
    return current
