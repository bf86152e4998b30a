"""A real Chromium for the browser tests: headless, with a home of its own that goes with it.

The server's local CA is put into the NSS store of that home, so certificates are checked as everywhere. Nothing here
sleeps for a fixed time; `until` waits for a condition.

    with Browser(ca_file) as browser:
        tab = browser.open(server + "/health/live")
        tab.run("return document.title")
"""

import os
import shutil
import subprocess
import tempfile
import time

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

# The tests share two cores with others: what should take a moment may take long, and only what is wrong takes longer.
PATIENCE = 60


def until(what, condition, within=PATIENCE):
    """Waits until `condition()` is true, and gives what it gave."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}")
        time.sleep(0.05)


def program(*names):
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    raise AssertionError(f"there is no {names[0]}: run Scripts/install.sh --tests")


class Tab:
    """One tab. Each call makes it the one that the driver speaks with."""

    def __init__(self, browser, handle):
        self.browser = browser
        self.handle = handle

    @property
    def driver(self):
        if self.browser.driver.current_window_handle_known != self.handle:
            self.browser.driver.switch_to.window(self.handle)
            self.browser.driver.current_window_handle_known = self.handle
        return self.browser.driver

    def get(self, url):
        self.driver.get(url)
        return self

    # A page as a person has it: by what is written on it, and without a script of ours.

    def find(self, selector):
        """The first element of a selector; nil where there is none."""
        try:
            return self.driver.find_element(By.CSS_SELECTOR, selector)
        except NoSuchElementException:
            return None

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def named(self, words, tags=("button", "a", "summary")):
        """What can be pressed and is called so, as far as it is shown."""
        for tag in tags:
            for element in self.all(tag):
                name = (element.get_attribute("aria-label") or element.text).strip()
                if name == words and element.is_displayed():
                    return element
        raise AssertionError(f"there is no {words!r} at {self.driver.current_url}: {self.text[:2000]}")

    @property
    def text(self):
        """Of the page's content."""
        return self.find("main").text

    @property
    def heading(self):
        until("a heading is there", lambda: self.find("h1") is not None)
        return self.find("h1").text

    @property
    def path(self):
        """The path and the query."""
        url = self.driver.current_url
        return "/" + url.split("/", 3)[3] if url.count("/") >= 3 else url

    def fill(self, **fields):
        for name, value in fields.items():
            field = self.find(f"[name={name}]:not([type=hidden])")
            if field.tag_name != "select":
                field.clear()
            field.send_keys(value)

    def leave(self, act):
        """Does what leads to another page, and waits until that is there."""
        old = self.find("html")
        act()
        until("another page is there", lambda: self.is_gone(old) and self.is_whole())

    def is_gone(self, element):
        try:
            element.tag_name
            return False
        except WebDriverException:
            return True

    def is_whole(self):
        try:
            return self.driver.execute_script("return document.readyState") == "complete"
        except WebDriverException:
            return False

    def press(self, words):
        """Presses what leads to another page."""
        self.leave(self.named(words).click)

    def confirm(self, words):
        """Presses a button that asks first."""
        self.named(words, ["summary"]).click()
        self.press_button(words)

    def press_button(self, words):
        self.leave(self.named(words, ["button"]).click)

    def cookies(self, url):
        return self.cdp("Network.getCookies", {"urls": [url]})["cookies"]

    def run(self, script, *arguments):
        """Runs a script; what it returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, script, *arguments):
        """Runs the body of an async function, and waits for its result. An exception there is one here."""
        value = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1], rest = [...arguments].slice(0, -1);"
            "(async function () {" + script + "}).apply(null, rest).then("
            "(value) => done({value}), (error) => done({error: `${error.name}: ${error.message}`, code: error.code}))",
            *arguments,
        )
        if "error" in value:
            raise ScriptError(value["error"], value.get("code"))
        return value.get("value")

    def cdp(self, command, parameters=None):
        """A command of the Chrome DevTools Protocol, for this tab."""
        return self.driver.execute_cdp_cmd(command, parameters or {})

    def set_offline(self, offline):
        """Cuts this tab's network, or gives it back."""
        self.cdp("Network.enable")
        self.cdp(
            "Network.emulateNetworkConditions",
            {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )

    def size(self, width, height):
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def dark(self, dark=True):
        self.cdp(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]},
        )

    def scripts(self, enabled):
        """Whether the scripts of pages run."""
        self.cdp("Emulation.setScriptExecutionDisabled", {"value": not enabled})

    def screenshot(self, path):
        self.driver.save_screenshot(path)

    def close(self):
        self.driver.close()
        self.browser.driver.current_window_handle_known = None


class ScriptError(AssertionError):
    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


class Browser:
    """Trusts the CA in a file, and what the system trusts."""

    def __init__(self, ca_file, *switches):
        self.home = tempfile.mkdtemp(prefix="martlet-browser-")
        self.driver = None
        try:
            store = os.path.join(self.home, ".pki", "nssdb")
            os.makedirs(store)
            certutil = program("certutil")
            for arguments in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "martlet", "-i", ca_file]):
                subprocess.run([certutil, "-d", "sql:" + store, *arguments], check=True, capture_output=True)
            self.driver = self.start(switches)
        except BaseException:
            self.close()
            raise

    def start(self, switches):
        options = Options()
        options.binary_location = program("chromium", "chromium-browser", "google-chrome")
        for switch in (
            "headless=new",
            "no-sandbox",
            "disable-dev-shm-usage",
            "disable-gpu",
            "no-first-run",
            "disable-component-update",
            "disable-background-networking",
            # Tabs that nobody looks at run as those that somebody does.
            "disable-background-timer-throttling",
            "disable-renderer-backgrounding",
            "disable-backgrounding-occluded-windows",
            "user-data-dir=" + os.path.join(self.home, "profile"),
            *switches,
        ):
            options.add_argument("--" + switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        environment = {**os.environ, "HOME": self.home}
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
            environment.pop(name, None)
        service = Service(program("chromedriver"), env=environment)
        driver = webdriver.Chrome(options=options, service=service)
        driver.set_page_load_timeout(PATIENCE)
        driver.set_script_timeout(2 * PATIENCE)
        driver.current_window_handle_known = driver.current_window_handle
        self.isFirst = True
        return driver

    def open(self, url=None):
        """A tab, at a URL."""
        if self.isFirst:
            self.isFirst = False
            tab = Tab(self, self.driver.current_window_handle)
        else:
            self.driver.current_window_handle_known = None
            self.driver.switch_to.window(self.driver.window_handles[0])
            self.driver.switch_to.new_window("tab")
            tab = Tab(self, self.driver.current_window_handle)
            self.driver.current_window_handle_known = tab.handle
        return tab.get(url) if url else tab

    def tabs(self):
        """All that are open, also those that a page has opened."""
        return [Tab(self, handle) for handle in self.driver.window_handles]

    def violations(self):
        """What pages were kept from by their policy, since the last time that this was asked."""
        return [
            entry["message"] for entry in self.driver.get_log("browser")
            if "Content Security Policy" in entry["message"]]

    def close(self):
        if self.driver:
            try:
                self.driver.quit()
            except WebDriverException:
                pass
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
