"""Rectangles with integer pixel coordinates."""

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in pixels; `bottom` and `right` are exclusive."""

    top: int
    left: int
    bottom: int
    right: int

    def within(self, other: "Box") -> "Box":
        """Return the intersection with `other`."""
        return Box(
            max(self.top, other.top),
            max(self.left, other.left),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )

    def seen_from(self, other: "Box") -> "Box":
        """Return the box relative to the top left corner of `other`."""
        return Box(
            self.top - other.top,
            self.left - other.left,
            self.bottom - other.top,
            self.right - other.left,
        )

    @property
    def is_empty(self) -> bool:
        """Whether it has no pixels."""
        return self.bottom <= self.top or self.right <= self.left

    @property
    def pixels(self) -> tuple[slice, slice]:
        """Return the slices for an array [height, width, ...]."""
        return slice(self.top, self.bottom), slice(self.left, self.right)
