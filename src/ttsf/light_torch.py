"""Import PyTorch without what only its exporter and compiler need, a third of its import.

`import torch` also imports modules that register Python forms of its operators and nothing that
drawing a video uses. They are loaded when an attribute of theirs is first asked for.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

UNUSED = ("torch._meta_registrations", "torch.export")


class _Unloaded(ModuleType):
    """A module whose code has not run."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked of every module by `inspect`
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment]
        spec = PathFinder.find_spec(self.__name__, sys.modules["torch"].__path__)
        assert spec is not None and spec.loader is not None
        spec.loader.exec_module(self)
        return getattr(self, name)


class _Unused(MetaPathFinder, Loader):
    """Finds the unused modules, and loads none of their code."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        found = PathFinder.find_spec(name, path, target) if name in UNUSED else None
        if found is not None:
            found.loader = self
        return found

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Unloaded(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Its code runs later, if at all."""


def import_lightly() -> None:
    """Import PyTorch without the unused modules, for a process that compiles nothing."""
    finder = _Unused()
    sys.meta_path.insert(0, finder)
    try:
        import torch  # noqa: F401
    finally:
        sys.meta_path.remove(finder)
