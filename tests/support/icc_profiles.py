"""Small ICC profiles (ICC.1:2001-04), and what their colours are in sRGB, worked out here."""

import struct

import numpy as np

D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
D65_XY, D50_XY = (0.3127, 0.3290), (0.34567, 0.35850)
SPACES = {
    "display p3": (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), D65_XY, 2.2),
    "adobe rgb": (((0.640, 0.330), (0.210, 0.710), (0.150, 0.060)), D65_XY, 2.19921875),
    "prophoto": (((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)), D50_XY, 1.8),
    "rec 2020": (((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)), D65_XY, 2.2),
}
SRGB = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))


def colorants(primaries: tuple, white: tuple[float, float]) -> np.ndarray:
    """Linear RGB to XYZ under D50, [3, 3]."""
    xyz = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    w = np.array([white[0] / white[1], 1, (1 - sum(white)) / white[1]])
    matrix = xyz * np.linalg.solve(xyz, w)
    cones = np.diag((BRADFORD @ D50) / (BRADFORD @ w))
    return np.linalg.inv(BRADFORD) @ cones @ BRADFORD @ matrix


def to_srgb(pixels: np.ndarray, space: str) -> np.ndarray:
    """uint8 [..., 3] of a space to sRGB uint8, colours out of its gamut clipped."""
    primaries, white, gamma = SPACES[space]
    linear = (pixels / 255.0) ** gamma @ colorants(primaries, white).T
    linear = (linear @ np.linalg.inv(colorants(SRGB, D65_XY)).T).clip(0, 1)
    low = linear <= 0.0031308
    encoded = np.where(low, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (encoded * 255).round().astype(np.uint8)


def rgb_profile(space: str) -> bytes:
    primaries, white, gamma = SPACES[space]
    matrix = colorants(primaries, white)
    tags = {name: _xyz(matrix[:, i]) for i, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    tags |= {name: _gamma(gamma) for name in (b"rTRC", b"gTRC", b"bTRC")}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _gamma(gamma)})


def colourless_cmyk_profile() -> bytes:
    """Of an odd printer whose inks are all grey: each takes a quarter of the lightness."""
    identity = bytes(range(256))
    inks = np.stack(np.meshgrid(*[[0, 1]] * 4, indexing="ij"), -1).sum(-1).ravel()
    table = b"".join(bytes([255 - 63 * n, 128, 128]) for n in inks)
    unit = b"".join(struct.pack(">i", 65536 * (i % 4 == 0)) for i in range(9))
    lookup = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + unit + identity * 4 + table + identity * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": lookup})


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {b"desc": _description("made by a test"), b"wtpt": _xyz(D50)} | tags
    place, table, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", place + len(body), len(content))
        body += content
    header = struct.pack(">I4xI", place + len(body), 0x02400000) + kind + space + connection
    header += struct.pack(">6H", 2025, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    header += b"".join(struct.pack(">i", round(v * 65536)) for v in D50)
    return header.ljust(128, b"\0") + table + body


def _xyz(values: np.ndarray) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(v * 65536)) for v in values)


def _gamma(value: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256))


def _description(text: str) -> bytes:
    ascii_text = text.encode() + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(ascii_text)) + ascii_text + bytes(78)
