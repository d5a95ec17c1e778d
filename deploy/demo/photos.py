"""The sign-board before and after, drawn by code."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

SIZE = (480, 320)


def sign_board(*, broken: bool) -> bytes:
    """A PNG: a board on two posts; broken ones hang askew with cracks and faded colours."""
    image = Image.new("RGB", SIZE, (196, 214, 228))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 250, 480, 320), fill=(120, 130, 110))
    for x in (120, 350):
        draw.rectangle((x, 120, x + 12, 270), fill=(90, 90, 90))
    if broken:
        draw.polygon([(90, 90), (390, 120), (380, 190), (85, 165)], fill=(150, 150, 140), outline=(90, 90, 80))
        draw.line([(150, 95), (190, 140), (180, 172)], fill=(60, 60, 60), width=3)
        draw.line([(300, 112), (280, 150), (310, 182)], fill=(60, 60, 60), width=3)
        draw.text((150, 130), "HOUZUO  ST . . .", fill=(120, 120, 110))
    else:
        draw.rectangle((90, 85, 390, 170), fill=(24, 90, 160), outline=(255, 255, 255), width=4)
        draw.text((170, 120), "HOUZUOJIE  COMPOUND", fill=(255, 255, 255))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
