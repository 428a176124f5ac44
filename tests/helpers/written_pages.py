"""Read a page of HTML, and check what every page must hold."""

from collections import Counter
from html.parser import HTMLParser

VOID = {"meta", "br", "img", "hr", "link", "input"}


class Page(HTMLParser):
    """Its text, headings, tables and pictures; raises if tags are not closed in order."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.ids, self.text, self.headings, self.pictures = [], [], [], [], []
        self.links, self.attributes = [], []
        self.feed(html)
        self.close()
        assert not self.tags, f"open at the end: {self.tags}"

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.attributes.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        if tag == "svg":
            self.pictures.append(given)
        if tag not in VOID:
            self.tags.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert [self.tags.pop() if self.tags else None] == [tag], f"</{tag}> closes nothing"

    def handle_data(self, data):
        if self.tags and self.tags[-1] in ("h1", "h2", "h3"):
            self.headings.append(data)
        if "style" not in self.tags:
            self.text.append(data)


def checked(path):
    """The page in a file, which needs no other file, no script and no network."""
    html = path.read_text(encoding="utf-8")
    page = Page(html)
    assert html.startswith("<!doctype html>")
    assert len(html) < 2e6
    names = {tag for tag, _ in page.attributes}
    assert not names & {"script", "link", "img", "iframe", "object", "base", "form"}
    assert not any(name.startswith("on") for _, given in page.attributes for name in given)
    assert "url(" not in html
    assert "@import" not in html
    assert [mark for mark, times in Counter(page.ids).items() if times > 1] == []
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    for picture in page.pictures:  # readable without seeing them
        assert picture["role"] == "img"
        assert set(picture["aria-labelledby"].split()) <= set(page.ids)
    return page
