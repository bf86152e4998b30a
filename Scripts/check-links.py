#!/usr/bin/env python3
"""Fails where a Markdown page of ours links to a file or a heading that is not there."""

import pathlib
import re
import subprocess
import sys
import unicodedata

root = pathlib.Path(__file__).resolve().parent.parent
listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"]
pages = [root / name for name in subprocess.check_output(listing, cwd=root, text=True).splitlines()]


def text_of(page):
    """The page without code, where brackets are no links and # is no heading."""
    text = re.sub(r"^(```|~~~).*?^\1", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return text


def anchors(page):
    """The headings' names as GitHub makes them."""
    names = []
    for heading in re.findall(r"^#{1,6} +(.+?)\s*$", text_of(page), flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        kept = (c for c in plain if c in " -_" or unicodedata.category(c)[0] in "LN")
        name = "".join(kept).replace(" ", "-")
        repeated = sum(1 for other in names if re.sub(r"-\d+$", "", other) == name)
        names.append(f"{name}-{repeated}" if repeated else name)
    return names


problems = 0
for page in pages:
    without_code = re.sub(r"`[^`\n]*`", "", text_of(page))
    for target in re.findall(r"\]\(<?([^)>\s]+)>?\)", without_code):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            problem = "there is no such file"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            problem = "that page has no such heading"
        else:
            continue
        problems += 1
        print(f"{page.relative_to(root)}: {target}: {problem}", file=sys.stderr)

print(f"{len(pages)} pages, {problems} dead links")
sys.exit(1 if problems else 0)
