"""Convert RGB to YUV 4:2:0 planes (BT.601, limited range), region by region."""

import av
import cv2
import numpy as np

TO_YUV = np.array(
    [
        [65.481, 128.553, 24.966, 16 * 255],
        [-37.797, -74.203, 112.0, 128 * 255],
        [112.0, -93.786, -18.214, 128 * 255],
    ],
    np.float32,
) / np.float32(255)
"""Matrix from RGB of 0 to 255 (ITU-R BT.601)."""


class Planes:
    """A frame buffer for an encoder; regions keep their content until overwritten.

    Its sides are even. With `alpha` it takes RGBA.
    """

    def __init__(self, width: int, height: int, alpha: bool = False) -> None:
        self.frame = av.VideoFrame(width, height, "yuva420p" if alpha else "yuv420p")
        self._planes = [
            np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[
                : plane.height, : plane.width
            ]
            for plane in self.frame.planes
        ]

    def put(self, pixels: np.ndarray, top: int = 0, left: int = 0) -> None:
        """Write pixels, uint8 [h, w, 3 or 4], at (top, left); sides and position are even.

        A chroma sample is the mean of four pixels, so regions give the same result as the whole.
        """
        height, width = pixels.shape[:2]
        rows, columns = slice(top, top + height), slice(left, left + width)
        y, u, v, *alpha = self._planes
        for plane in alpha:
            plane[rows, columns] = pixels[..., 3]
        colours = np.ascontiguousarray(pixels[..., :3])
        cv2.extractChannel(cv2.transform(colours, TO_YUV), 0, y[rows, columns])
        half = cv2.resize(colours, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        yuv = cv2.transform(half, TO_YUV)
        rows, columns = (slice(s.start // 2, s.stop // 2) for s in (rows, columns))
        for channel, plane in ((1, u), (2, v)):
            cv2.extractChannel(yuv, channel, plane[rows, columns])
