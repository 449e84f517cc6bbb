"""A hook of MkDocs: files outside docs/ are named, not linked; linked clips play in the page."""

import re
from typing import Any

LINK = re.compile(r"(!?)\[([^\]]*)\]\(((?:\.\./)+)([^)#]+)[^)]*\)")
CLIP = re.compile(r"\[!\[([^\]]*)\]\(([^)]+)\)\]\(([^)]+\.mp4)\)")


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:
    """Name what lies outside docs/; play a clip where its picture links to it."""
    depth = page.file.src_uri.count("/")

    def named(link: re.Match[str]) -> str:
        picture, text, up, path = link.groups()
        if up.count("../") <= depth:
            return link[0]
        if picture or text.strip("`") == path or text.strip("`") == path.rsplit("/", 1)[-1]:
            return f"`{path}`"
        return f"{text} (`{path}`)"

    return CLIP.sub(_player, LINK.sub(named, markdown))


def _player(clip: re.Match[str]) -> str:
    label, poster, video = clip.groups()
    return (
        f'<video controls preload="none" poster="{poster}" aria-label="{label}">'
        f'<source src="{video}" type="video/mp4"></video>'
    )
