"""A hook of MkDocs: files of the repository outside docs/ are named in the site, not linked."""

import re
from typing import Any

LINK = re.compile(r"(!?)\[([^\]]*)\]\(((?:\.\./)+)([^)#]+)[^)]*\)")


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:
    """Replace links and pictures that lead out of docs/ by text and path."""
    depth = page.file.src_uri.count("/")

    def named(link: re.Match[str]) -> str:
        picture, text, up, path = link.groups()
        if up.count("../") <= depth:
            return link[0]
        if picture or text.strip("`") == path or text.strip("`") == path.rsplit("/", 1)[-1]:
            return f"`{path}`"
        return f"{text} (`{path}`)"

    return LINK.sub(named, markdown)
