"""Rectangles of whole pixels."""

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in pixels; `bottom` and `right` are the first outside of it."""

    top: int
    left: int
    bottom: int
    right: int

    def within(self, other: "Box") -> "Box":
        """What both have in common."""
        return Box(
            max(self.top, other.top),
            max(self.left, other.left),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )

    def seen_from(self, other: "Box") -> "Box":
        """The same, counted from the corner of `other`."""
        return Box(
            self.top - other.top,
            self.left - other.left,
            self.bottom - other.top,
            self.right - other.left,
        )

    @property
    def pixels(self) -> tuple[slice, slice]:
        """For an array [height, width, ...]."""
        return slice(self.top, self.bottom), slice(self.left, self.right)
