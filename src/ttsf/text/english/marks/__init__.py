"""What people and chat programs write around the words: Markdown, HTML, LaTeX, citations."""
