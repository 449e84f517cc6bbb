"""Portraits that break the model, from one photograph: what is drawn, and the doubts.

python recipes/hard_portraits.py docs/pictures/astronaut.jpg OUT
"""

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

import ttsf
from ttsf.media.images import read_image
from ttsf.portrait.detection import FaceBox, choose_face, find_faces

VARIANTS = ("plain", "dark", "tilted", "sunglasses", "hand", "painting", "cut")
TEXT = "Father bought five warm apple pies, and we have eaten them all."


def harden(portrait: Image.Image, face: FaceBox, variant: str) -> Image.Image:
    """The portrait, hard in the way that `variant` names."""
    x, y, side = face
    hard = portrait.copy()
    draw = ImageDraw.Draw(hard)
    if variant == "dark":
        return ImageEnhance.Brightness(hard).enhance(0.12)
    if variant == "tilted":
        return hard.rotate(25, Image.Resampling.BICUBIC, center=(x, y), fillcolor=(90, 90, 90))
    if variant == "painting":
        return hard.filter(ImageFilter.ModeFilter(9)).quantize(20).convert("RGB")
    if variant == "cut":
        return hard.crop((0, 0, hard.width, round(y + 0.36 * side)))
    if variant == "sunglasses":
        for shift in (-0.2, 0.2):
            eye = (x + shift * side, y - 0.2 * side)
            draw.ellipse((eye[0] - 0.18 * side, eye[1] - 0.13 * side,
                          eye[0] + 0.18 * side, eye[1] + 0.13 * side), (14, 14, 16))  # fmt: skip
    if variant == "hand":
        box = (x - 0.3 * side, y + 0.12 * side, x + 0.6 * side, y + 0.5 * side)
        draw.rounded_rectangle(box, 0.15 * side, (196, 150, 128))
    return hard


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("portrait", type=Path)
    parser.add_argument("out", type=Path)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    pixels = read_image(chosen.portrait)
    portrait, face = Image.fromarray(pixels), choose_face(find_faces(pixels))
    pipeline = ttsf.load()
    for variant in VARIANTS:
        print(f"{variant}:", flush=True)
        picture = chosen.out / f"{variant}.png"
        harden(portrait, face, variant).save(picture)
        try:
            found = pipeline.portrait(picture)
            print(*found.doubts, sep="\n")
            pipeline.write(found, TEXT, picture.with_suffix(".mp4"))
        except ttsf.TtsfError as error:
            print(f"refused: {error}")


if __name__ == "__main__":
    main()
