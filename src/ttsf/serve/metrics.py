"""Figures for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

FIRST_S = (0.1, 0.25, 0.5, 0.75, 1, 2, 5, 10, 30, 60, 300)
FACTORS = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 5, 10)


class Metrics:
    """Of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "ttsf_requests", "Answers", ("route", "status"), registry=self._registry
        )
        self.videos = Counter("ttsf_videos", "Videos", ("outcome",), registry=self._registry)
        self.refused = Counter("ttsf_refused", "Requests without a place", registry=self._registry)
        self.seconds = Counter("ttsf_video_seconds", "Length of videos", registry=self._registry)
        self.first = Histogram(
            "ttsf_first_piece_seconds",
            "From the request to the first piece of a video",
            buckets=FIRST_S,
            registry=self._registry,
        )
        self.factor = Histogram(
            "ttsf_real_time_factor",
            "Time of making over length",
            buckets=FACTORS,
            registry=self._registry,
        )
        self.waiting = Gauge("ttsf_waiting", "Videos that wait", registry=self._registry)
        self.running = Gauge("ttsf_running", "Videos being made", registry=self._registry)
        self.engine_up = Gauge("ttsf_engine_up", "1 where it works", registry=self._registry)
        self.restarts = Gauge(
            "ttsf_engine_restarts", "Times that the engine died", registry=self._registry
        )

    def text(self) -> bytes:
        """All of them."""
        return generate_latest(self._registry)
