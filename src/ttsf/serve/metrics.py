"""Prometheus metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

FIRST_S = (0.1, 0.25, 0.5, 0.75, 1, 2, 5, 10, 30, 60, 300)
FACTORS = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 5, 10)


class Metrics:
    """Metrics of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "ttsf_requests", "HTTP responses", ("route", "status"), registry=self._registry
        )
        self.videos = Counter("ttsf_videos", "Videos", ("outcome",), registry=self._registry)
        self.refused = Counter(
            "ttsf_refused", "Requests refused: queue full", registry=self._registry
        )
        self.seconds = Counter("ttsf_video_seconds", "Seconds of video", registry=self._registry)
        self.first = Histogram(
            "ttsf_first_piece_seconds",
            "Time from request to first chunk",
            buckets=FIRST_S,
            registry=self._registry,
        )
        self.factor = Histogram(
            "ttsf_real_time_factor",
            "Generation time divided by length",
            buckets=FACTORS,
            registry=self._registry,
        )
        self.waiting = Gauge("ttsf_waiting", "Videos waiting", registry=self._registry)
        self.running = Gauge("ttsf_running", "Videos being generated", registry=self._registry)
        self.engine_up = Gauge("ttsf_engine_up", "1 if the engine is up", registry=self._registry)
        self.restarts = Gauge("ttsf_engine_restarts", "Engine restarts", registry=self._registry)

    def text(self) -> bytes:
        """Return all metrics in the text exposition format."""
        return generate_latest(self._registry)
