"""Pictures of the pages, for the README and for who works on them.

    screenshots.py MARTLET FOLDER [--all]

starts a server on a folder that is thrown away, plays a fortnight on it, and writes PNGs in light and dark: those of
the README, or with --all every page, wide and on a phone.
"""

import base64
import datetime
import io
import pathlib
import sys
import tempfile

from PIL import Image

from browser import Browser, until
from fortnight import ADMINISTRATOR, AGENTS, OFFICE, Clockwork, live_through
from people import PASSWORD

LARGEST = 100_000


def shoot(tab, path, height=None, quiet=True):
    """Writes what the page looks like, in few colours: the file is small, and nobody sees the difference."""
    if quiet:
        tab.run("document.activeElement.blur()")
    box = tab.run("return [innerWidth, document.documentElement.scrollHeight]")
    clip = {"x": 0, "y": 0, "width": box[0], "height": min(height or box[1], box[1]), "scale": 1}
    data = tab.cdp("Page.captureScreenshot", {"format": "png", "clip": clip, "captureBeyondViewport": True})["data"]
    image = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
    image.quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)
    return path.stat().st_size


def sign_in(tab, url, name):
    tab.cdp("Network.clearBrowserCookies")
    tab.get(url + "/sign-in")
    tab.fill(username=name, password=PASSWORD)
    tab.press_button("Sign in")


def look_like(tab, agent, address):
    tab.cdp("Network.enable")
    tab.cdp("Network.setUserAgentOverride", {"userAgent": agent})
    tab.cdp("Network.setExtraHTTPHeaders", {"headers": {"X-Forwarded-For": address}})


def main(martlet, folder, everything):
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    with tempfile.TemporaryDirectory() as home:
        clockwork = Clockwork(martlet, home)
        try:
            story = live_through(clockwork, now)
            clockwork.at()
            with Browser(clockwork.ca) as browser:
                tab = browser.open()
                tab.size(1180, 800)
                (survey if everything else pictures)(tab, clockwork.url, folder, story)
        finally:
            clockwork.stop()


def pictures(tab, url, folder, story):
    def both(name, height):
        for dark in (False, True):
            tab.dark(dark)
            size = shoot(tab, folder / f"{name}-{'dark' if dark else 'light'}.png", height)
            print(f"{name}: {size} bytes")
            assert size < LARGEST, f"{name} has {size} bytes; {LARGEST} is the most"

    tab.size(560, 560)
    tab.get(url + "/sign-in")
    tab.fill(username="ada.moreau", password=PASSWORD)
    both("sign-in", 560)
    tab.size(1180, 800)
    look_like(tab, AGENTS["mac"], OFFICE)
    sign_in(tab, url, "ada.moreau")
    both("account", 860)
    look_like(tab, AGENTS["linux"], OFFICE)
    sign_in(tab, url, ADMINISTRATOR)
    tab.get(url + "/console")
    until("the numbers are there", lambda: tab.find(".figures"))
    both("console", 980)
    tab.get(f"{url}/console/sessions/{story}")
    both("story", 1000)


def survey(tab, url, folder, story):
    def look(name, path=None):
        if path:
            tab.get(url + path)
        if path == "/console":
            until("the page has settled", lambda: tab.find(".figures, .narrow"))
        for width in (1180, 360):
            tab.size(width, 800)
            for dark in (False, True):
                tab.dark(dark)
                shoot(tab, folder / f"{name}-{width}-{'dark' if dark else 'light'}.png", 2400, quiet=False)

    look("sign-in", "/sign-in")
    tab.fill(username="ada.moreau", password="wrong")
    tab.press_button("Sign in")
    look("sign-in-wrong")
    look("sign-up", "/sign-up")
    look("signed-out", "/signed-out")
    look("link", "/first-administrator?link=x")
    look("nowhere", "/nowhere")
    look_like(tab, AGENTS["mac"], OFFICE)
    sign_in(tab, url, "ada.moreau")
    tab.named("Sign out everywhere else", ["summary"]).click()
    look("account")
    look("forbidden", "/console")
    look_like(tab, AGENTS["linux"], OFFICE)
    sign_in(tab, url, ADMINISTRATOR)
    for name in ("", "users", "sessions", "clients", "keys", "revocations", "events"):
        look(f"console-{name}".rstrip("-"), f"/console/{name}".rstrip("/"))
    look("nobody", "/console/users?q=nobody")
    look("story", f"/console/sessions/{story}")
    tab.get(url + "/console/users?q=ada")
    tab.press("ada.moreau")
    look("user")


main(sys.argv[1], pathlib.Path(sys.argv[2]), "--all" in sys.argv[3:])
