"""Skips tests where what they use is not installed; a program or module may come without it."""

import importlib.metadata

import pytest

from tests.support.flite import installed_voices

SCORERS = (
    "face_recognition_models",
    "jiwer",
    "librosa",
    "mediapipe.python.solutions",
    "pocketsphinx",
    "pyworld",
    "resemblyzer",
    "whisper_normalizer",
)
"""What `ttsf evaluate` imports."""


def needs_scorers() -> None:
    for name in SCORERS:
        pytest.importorskip(name, reason="needs ttsf[eval]")


def needs_package(name: str) -> None:
    """A package by its own name: several may bring a module of one name."""
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{name} is not installed")


def needs_voice(name: str) -> None:
    """A voice of flite, which may be installed without it."""
    if name not in installed_voices():
        pytest.skip(f"the voice {name} is not installed")
