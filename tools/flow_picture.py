"""Draws docs/flow.png, the README's picture for readers whose site shows no mermaid: `python -m tools.flow_picture`.

The font is Noto Sans SC (OFL) from the PyPI package `justmytype-intl-cjk`, installed into this environment when it is not there. The
picture carries this file's hash, which a test checks.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "flow.png"
FONT_PACKAGE = "justmytype-intl-cjk==0.1.0"
FONT_FILE = "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"
SIZE = (1480, 820)
INK, PALE, LINE = "#1b2a3a", "#5a6b7c", "#7d8fa1"
PEOPLE, GATEWAY, SERVICE, BROKER, OUTSIDE = "#fdeccf", "#dbe9fb", "#dff3e4", "#f9dcd6", "#eceff3"

Box = tuple[int, int, int, int]
# (x, y, width, height), colour, title, lines
BOXES: tuple[tuple[Box, str, str, tuple[str, ...]], ...] = (
    ((20, 40, 310, 130), PEOPLE, "群众 · residents", ("微信、网页、来电、现场", "app, web, phone, walk-in")),
    ((20, 200, 310, 130), PEOPLE, "民情书记 · secretaries", ("每月 5、15、25 日入户", "home visits thrice a month")),
    ((20, 360, 310, 130), PEOPLE, "部门 · departments", ("接单、办理、督办", "accept, handle, supervise")),
    ((410, 180, 220, 170), GATEWAY, "网关 · gateway", ("一张图 one graph", "令牌、权限、限流", "tokens, rights, limits")),
    ((710, 30, 420, 150), SERVICE, "受理 · intake", ("登记、个人信息加密、附件、送达", "registers, keeps personal data, delivers")),
    ((710, 200, 420, 150), SERVICE, "办理 · routing", ("研判、转办、期限、督办、状态", "appraises, dispatches, deadlines, status")),
    ((710, 370, 420, 150), SERVICE, "反馈 · feedback", ("答复、回访、时间线、三率", "replies, surveys, timeline, rates")),
    (
        (410, 600, 720, 120),
        BROKER,
        "RabbitMQ · 事件 events",
        ("登记 → 转办 → 接单 → 办结 → 答复 → 回访，不丢、不重、不乱", "never lost, applied once, in order"),
    ),
    ((1230, 200, 220, 150), OUTSIDE, "MongoDB", ("每个服务一个库", "one database each")),
    ((1200, 600, 260, 120), OUTSIDE, "对外 · outside", ("保留 30 天的事件流", "events.log, 30 days")),
)
ARROWS: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = (
    ((330, 105), (410, 235)),
    ((330, 265), (410, 265)),
    ((330, 425), (410, 295)),
    ((630, 235), (710, 105)),
    ((630, 270), (710, 270)),
    ((630, 300), (710, 445)),
    ((1130, 105), (1230, 235)),
    ((1130, 275), (1230, 275)),
    ((1130, 445), (1230, 315)),
    ((760, 520), (760, 600)),
    ((1080, 600), (1080, 520)),
    ((1130, 660), (1200, 660)),
)
FOOT = (
    "服务之间互不调用，只经消息往来；每个进程单独启动、单独伸缩。",
    "No service calls another: they speak by events; every process starts and scales alone.",
)


def source_hash() -> str:
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def font_file() -> Path:
    """The package is 30 MB and needed for this alone: it is no dependency."""
    found = importlib.util.find_spec("justmytype_intl_cjk")
    if found is None:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", FONT_PACKAGE], check=True)
        importlib.invalidate_caches()
        found = importlib.util.find_spec("justmytype_intl_cjk")
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"the font is missing: install {FONT_PACKAGE} · 缺少字体")
    return Path(found.submodule_search_locations[0]) / FONT_FILE


def font(size: int, weight: int) -> ImageFont.FreeTypeFont:
    """The file is a variable font whose default is thin."""
    made = ImageFont.truetype(str(font_file()), size)
    made.set_variation_by_axes([weight])
    return made


def arrow(draw: ImageDraw.ImageDraw, begin: tuple[int, int], end: tuple[int, int]) -> None:
    draw.line([begin, end], fill=LINE, width=3)
    dx, dy = end[0] - begin[0], end[1] - begin[1]
    length = (dx * dx + dy * dy) ** 0.5
    ux, uy = dx / length, dy / length
    left, right = (end[0] - 14 * ux + 7 * uy, end[1] - 14 * uy - 7 * ux), (end[0] - 14 * ux - 7 * uy, end[1] - 14 * uy + 7 * ux)
    draw.polygon([end, left, right], fill=LINE)


def draw_picture() -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(picture)
    title, text = font(26, 600), font(20, 400)
    for begin, end in ARROWS:
        arrow(draw, begin, end)
    for (x, y, width, height), colour, heading, lines in BOXES:
        draw.rounded_rectangle((x, y, x + width, y + height), radius=16, fill=colour, outline=LINE, width=2)
        draw.text((x + 18, y + 12), heading, font=title, fill=INK)
        for number, line in enumerate(lines):
            draw.text((x + 18, y + 54 + 30 * number), line, font=text, fill=PALE)
    for number, line in enumerate(FOOT):
        draw.text((410, 742 + 30 * number), line, font=text, fill=INK)
    return picture


def main() -> None:
    about = PngInfo()
    about.add_text("source", source_hash())
    # Few colours: a palette makes it a third as large.
    draw_picture().quantize(48).save(PICTURE, optimize=True, pnginfo=about)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
