"""A hook of MkDocs: files of the repository outside docs/ are named in the site, not linked."""

import re

OUTSIDE = re.compile(r"(!?)\[([^\]]*)\]\(\.\./([^)#]+)[^)]*\)")


def on_page_markdown(markdown: str, **_: object) -> str:
    """Replace links and pictures that lead out of docs/ by text and path."""
    return OUTSIDE.sub(_named, markdown)


def _named(link: re.Match[str]) -> str:
    picture, text, path = link.groups()
    if picture or text.strip("`") == path or text.strip("`") == path.rsplit("/", 1)[-1]:
        return f"`{path}`"
    return f"{text} (`{path}`)"
