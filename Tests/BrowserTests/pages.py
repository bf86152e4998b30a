"""What people do on the server's own pages in a real browser, for PageBrowserTests.

Reads one JSON object from standard input:
  {"scenario": name, "server": URL, "ca": file, "tls": folder, "martlet": program, "data": folder, "user": name,
   "administrator": name, "password": text, "link": URL, "routes": [paths of pages]}
and writes what it saw to standard output.
"""

import json
import re
import signal
import subprocess
import sys

import requests
from selenium.common.exceptions import WebDriverException

import accessibility
from browser import Browser, until
from page_server import PageServer
from people import LAPTOP, PHONE, Server

request = json.load(sys.stdin)
url, user, password = request["server"], request["user"], request["password"]
server = Server(url, request["ca"])
COOKIE = "__Host-martlet-page"


def command(*arguments, **more):
    subprocess.run(
        [request["martlet"], *arguments, "--data", request["data"]], check=True, capture_output=True, text=True, **more)


def page(browser, path="/sign-in"):
    return browser.open(url + path)


def go(tab, path):
    return tab.get(url + path)


def sign_in(tab, name=user, secret=password):
    go(tab, "/sign-in")
    tab.fill(username=name, password=secret)
    tab.press_button("Sign in")


def administrator(browser):
    tab = page(browser)
    sign_in(tab, request["administrator"])
    return tab


def alert(tab):
    element = tab.find("[role=alert]")
    return element.text if element else None


def done(tab):
    element = tab.find("main [role=status]")
    return element.text if element else None


def see_overview(tab):
    """Numbers that are being counted come by themselves, so what is read before may go under one's hands."""
    until("the numbers are there", lambda: is_there(tab, ".figures"))
    equal(tab.heading, "Overview")


def page_cookie(tab):
    return next((cookie for cookie in tab.cookies(url) if cookie["name"] == COOKIE), None)


def equal(found, expected):
    assert found == expected, f"{found!r}, not {expected!r}"


def contains(text, part):
    assert part in text, f"{part!r} is not in {text[:2000]!r}"


# Signing in and out


def first_administrator(browser):
    tab = browser.open(request["link"])
    equal(tab.heading, "Welcome to Martlet")
    # What cannot be leaves the link as it is.
    tab.fill(username="root", password="password")
    tab.press_button("Make the administrator")
    contains(alert(tab), "common passwords")
    tab.fill(password=password)
    tab.press_button("Make the administrator")
    equal(tab.path, "/console")
    see_overview(tab)
    # Once: neither for the same person, nor for anybody else.
    tab.get(request["link"])
    equal(tab.heading, "This link does not work")
    tab.cdp("Network.clearBrowserCookies")
    tab.get(request["link"])
    equal(tab.heading, "This link does not work")
    equal(requests.get(request["link"], verify=request["ca"], timeout=60).status_code, 403)
    sign_in(tab, "root")
    tab.press("Console")
    see_overview(tab)


def signs_in_and_out(browser):
    tab = page(browser, "/console/users?q=al")
    # Whoever wanted to go somewhere is told, and gets there.
    contains(tab.text, "Sign in to go on.")
    tab.fill(username=user, password="wrong")
    tab.press_button("Sign in")
    equal(alert(tab), "The username or the password is wrong.")
    equal(tab.find("[name=username]").get_attribute("value"), user)
    equal(tab.run("return document.activeElement.name"), "password")
    assert page_cookie(tab) is None
    tab.fill(password=password)
    tab.press_button("Sign in")
    equal((tab.path, tab.heading), ("/console/users?q=al", "This is not allowed"))
    tab.press("Go to your account")
    equal(tab.heading, "Your account")
    contains(tab.text, user)
    cookie = page_cookie(tab)
    equal(
        [cookie[name] for name in ("httpOnly", "secure", "sameSite", "path", "domain", "session")],
        [True, True, "Lax", "/", "localhost", True])
    # No script can read it, and nothing is kept where one could.
    equal(tab.run("return document.cookie"), "")
    equal(tab.run("return localStorage.length + sessionStorage.length"), 0)
    # Who is signed in needs no form to do it.
    equal(go(tab, "/sign-in").path, "/account")
    tab.press("Sign out")
    equal((tab.path, tab.heading), ("/signed-out", "You are signed out"))
    assert page_cookie(tab) is None
    # The way back shows nothing: no page is kept.
    tab.leave(tab.driver.back)
    equal(tab.path, "/sign-in")
    go(tab, "/signed-out")
    tab.press("Sign in again")
    equal(tab.path, "/sign-in")


def is_told_why(browser):
    tab = page(browser)
    sign_in(tab)
    command("session", "revoke", "--user", user)
    go(tab, "/account")
    equal(done(tab), "An administrator ended your session. Sign in to go on.")
    assert page_cookie(tab) is None
    sign_in(tab)
    equal(tab.heading, "Your account")


def signs_up(browser):
    tab = page(browser)
    tab.press("Sign up")
    tab.fill(username="grace", email="grace@example.com", password="short")
    # The browser itself holds it back.
    tab.named("Sign up", ["button"]).click()
    assert tab.run("return document.querySelector('[name=password]').validity.tooShort")
    equal(tab.path, "/sign-up")
    tab.fill(password="password")
    tab.press_button("Sign up")
    contains(alert(tab), "common passwords")
    equal(tab.find("[name=email]").get_attribute("value"), "grace@example.com")
    tab.fill(password=password)
    tab.press_button("Sign up")
    equal(tab.heading, "Your account")
    contains(tab.text, "grace@example.com")
    tab.press("Sign out")
    go(tab, "/sign-up")
    tab.fill(username="Grace", password=password)
    tab.press_button("Sign up")
    contains(alert(tab), "taken")
    tab.press("Sign in")
    equal(tab.path, "/sign-in")


def finds_no_sign_up(browser):
    tab = page(browser)
    assert "Sign up" not in tab.text
    go(tab, "/sign-up")
    equal(tab.heading, "There is no such page")


# The account


def manages_an_account(browser):
    tab = page(browser)
    phone = server.sign_in(user, device="Ada's phone", agent=PHONE)
    laptop = server.sign_in(user, agent=LAPTOP)
    sign_in(tab)
    contains(tab.text, "Ada's phone")
    contains(tab.text, "Firefox on Linux")
    # The browser that one looks with comes first, and is not signed out by accident.
    contains(tab.find(".devices li").text, "this one")
    assert "Sign out" not in tab.find(".devices li").text
    tab.press_button("Sign out: Ada's phone")
    equal(done(tab), "It is signed out.")
    assert "Ada's phone" not in tab.text
    equal((phone.is_live, phone.renew(), laptop.is_live), (False, False, True))
    tab.confirm("Sign out everywhere else")
    equal(done(tab), "You are signed out everywhere else.")
    equal((laptop.is_live, laptop.renew()), (False, False))
    contains(tab.text, "You are signed in nowhere else.")

    other = server.sign_in(user)
    changed = "a horse of another colour"
    tab.fill(password="wrong", newPassword=changed)
    tab.press_button("Change the password")
    equal(alert(tab), "The present password is wrong.")
    assert other.is_live
    tab.fill(password=password, newPassword=changed)
    tab.press_button("Change the password")
    contains(done(tab), "The password is changed")
    assert not other.is_live
    equal(server.sign_in(user), None)
    assert server.sign_in(user, password=changed).is_live
    # A reload asks for nothing to be sent again.
    tab.leave(tab.driver.refresh)
    equal(tab.heading, "Your account")
    until("the records are there", lambda: go(tab, "/account") and "The password was changed" in tab.text)
    contains(tab.text, "A sign-in failed")


# The console


def administers(browser):
    people = [f"person{number:02}" for number in range(60)]
    for name in people:
        server.sign_up(name)
    sessions = [server.sign_in(user, device=f"device {number}") for number in range(60)]
    tab = administrator(browser)
    tab.press("Console")
    see_overview(tab)

    # Users: found, ordered, a page at a time.
    tab.press("Users")
    equal(rows(tab)[0], "person59")
    tab.fill(order="By name")
    tab.press_button("Show")
    names = rows(tab)
    equal(len(names), 50)
    tab.press("Next page")
    names += rows(tab)
    equal(names, sorted([user, request["administrator"], *people], key=str.lower))
    tab.press("First page")
    equal(rows(tab), names[:50])
    tab.fill(q="person1")
    tab.press_button("Show")
    equal(rows(tab), people[10:20])
    tab.press("person13")
    equal(tab.heading, "person13")
    tab.confirm("Disable")
    equal(done(tab), "The user is disabled and signed out everywhere.")
    equal(server.sign_in("person13"), None)
    tab.press_button("Enable")
    assert server.sign_in("person13").is_live

    # Sessions: of one user, each with its story.
    tab.press("Sessions")
    equal(len(rows(tab)), 50)
    tab.fill(user=user)
    tab.press_button("Show")
    devices = rows(tab)
    tab.press("Next page")
    devices += rows(tab)
    equal(devices, [f"device {number}" for number in reversed(range(60))])
    sessions[3].renew()
    tab.press("device 3")
    equal(tab.heading, "device 3")
    contains(tab.text, "The session goes on; nobody was signed out.")
    contains(tab.text, "Renewed once, this being the last time.")
    tab.confirm("End this session")
    equal(done(tab), "It is over.")
    until("the end is recorded", lambda: tab.leave(tab.driver.refresh) or "The administrator" in tab.text)
    assert not sessions[3].is_live
    tab.press("Revocations")
    contains(tab.text, sessions[3].id)

    # A user's sessions, all at once.
    tab.press("Users")
    tab.fill(q=user)
    tab.press_button("Show")
    tab.press(user)
    tab.confirm("End all sessions")
    equal([session.is_live for session in sessions[:2]], [False, False])

    # Keys.
    tab.press("Signing keys")
    before = len(rows(tab))
    tab.confirm("Rotate")
    contains(done(tab), "A new key is made and published.")
    equal(len(rows(tab)), before + 1)
    contains(tab.text, "published, not used yet")
    tab.press("Clients")
    contains(tab.text, "first-party")


def rows(tab):
    return tab.run("return [...document.querySelectorAll('tbody th')].map((cell) => cell.textContent)")


def follows_events(browser):
    tab = administrator(browser)
    go(tab, "/console/events?kind=sign_up")
    equal(tab.heading, "Events")
    # Whoever does not ask for it does not have the page change under them.
    tab.press("Follow live")
    server.sign_up("newcomer")
    until("the page has it by itself", lambda: is_there(tab, "main", "Signed up"))
    tab.press("Stop following")
    equal(tab.path, "/console/events?kind=sign_up")


def is_there(tab, selector, words=""):
    """Whether the page has it, also while it is being replaced."""
    try:
        element = tab.find(selector)
        return element is not None and words in element.text
    except WebDriverException:
        return False


def shows_a_million_sessions(browser):
    """Those of SeededSessions: `device 0` is the oldest, every tenth has ended, and each user has ten."""
    tab = administrator(browser)
    tab.press("Console")
    see_overview(tab)
    # The administrator's own is one of those that are live.
    contains(tab.text, "900,001")
    contains(tab.text, "100,002")

    tab.press("Users")
    equal((tab.heading, rows(tab)), ("Users", ["root", "ada", *seeded_users(99_999, 99_951)]))
    tab.press("Next page")
    equal(rows(tab), seeded_users(99_951, 99_901))
    tab.fill(order="By name")
    tab.press_button("Show")
    equal(rows(tab), ["ada", "root", *seeded_users(0, 48)])
    tab.press("Next page")
    equal(rows(tab), seeded_users(48, 98))
    tab.fill(q="user-0512")
    tab.press_button("Show")
    equal(rows(tab), seeded_users(51_200, 51_250))
    tab.press("Next page")
    equal(rows(tab), seeded_users(51_250, 51_300))
    tab.press("user-051299")
    equal((tab.heading, rows(tab)), ("user-051299", seeded_devices(range(512_999, 512_989, -1))))

    tab.press("Sessions")
    live = [number for number in range(999_999, 999_800, -1) if number % 10 > 0]
    equal((tab.heading, rows(tab)[1:]), ("Sessions", seeded_devices(live[:49])))
    tab.press("Next page")
    equal(rows(tab), seeded_devices(live[49:99]))
    tab.fill(state="Ended")
    tab.press_button("Show")
    equal(rows(tab), seeded_devices(range(999_990, 999_490, -10)))
    tab.press("Next page")
    equal(rows(tab), seeded_devices(range(999_490, 998_990, -10)))
    tab.fill(user="user-050000")
    tab.press_button("Show")
    equal(rows(tab), ["device 500000"])
    tab.press("device 500000")
    equal(tab.heading, "device 500000")
    contains(tab.find(".card dl").text, "user-050000")
    assert tab.all("ol.story li"), tab.text

    tab.press("Events")
    equal(tab.heading, "Events")
    contains(tab.find("tbody").text, "Signed in")
    tab.fill(kind="sign_in", user=request["administrator"])
    tab.press_button("Show")
    equal(len(rows(tab)), 1)


def seeded_users(start, end):
    return [f"user-{number:06}" for number in range(start, end, 1 if start < end else -1)]


def seeded_devices(numbers):
    return [f"device {number}" for number in numbers]


def works_without_scripts(browser):
    own = PageServer(request["tls"], "<!doctype html><title>before</title><script>document.title = 'after'</script>")
    tab = browser.open(own.origin)
    equal(tab.driver.title, "after")
    tab.scripts(False)
    tab.get(own.origin)
    equal(tab.driver.title, "before")
    own.close()
    phone = server.sign_in(user, device="phone")
    sign_in(tab, secret="wrong")
    equal(alert(tab), "The username or the password is wrong.")
    sign_in(tab)
    tab.press_button("Sign out: phone")
    assert not phone.is_live
    other = server.sign_in(user)
    go(tab, "/account")
    tab.confirm("Sign out everywhere else")
    assert not other.is_live
    tab.press("Sign out")
    sign_in(tab, request["administrator"])
    for section in ("Console", "Users", "Sessions", "Clients", "Signing keys", "Revocations", "Events", "Overview"):
        tab.press(section)
        if section in ("Console", "Overview"):
            see_overview(tab)
        else:
            equal(tab.heading, section)
    tab.press("Users")
    tab.press(user)
    tab.confirm("Disable")
    contains(done(tab), "disabled")
    tab.press_button("Enable")
    contains(done(tab), "enabled")


# Other origins and names

FORGED = """<!doctype html><title>forged</title><form method="post" action="{server}{path}">{fields}</form>"""


def refuses_other_origins(browser):
    tab = page(browser)
    sign_in(tab)
    phone = server.sign_in(user)
    cookie = page_cookie(tab)["value"]
    # Another site, and one of the same site: browsers send the cookie along from there.
    for host in ("127.0.0.1", "localhost"):
        for path, fields in (
            ("/sign-in", {"username": "mallory", "password": password, "token": "x"}),
            ("/account/password", {"password": password, "newPassword": "a horse of another colour"}),
            ("/account/sessions/end-others", {}),
            ("/sign-out", {}),
        ):
            hidden = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
            forger = PageServer(request["tls"], FORGED.format(server=url, path=path, fields=hidden), host=host)
            evil = browser.open(forger.origin)
            evil.leave(lambda: evil.run("document.forms[0].submit()"))
            # A cross-site form comes without the cookie; where one is needed, the browser is led elsewhere.
            assert evil.heading in ("This is not allowed", "Your account")[:1 if host == "localhost" else 2], evil.text
            if evil.heading == "This is not allowed":
                contains(evil.text, "This form was not sent from a page of this server, so nothing was done.")
            evil.close()
            forger.close()
            equal(page_cookie(tab) and page_cookie(tab)["value"], cookie)
    go(tab, "/account")
    equal(tab.heading, "Your account")
    contains(tab.text, user)
    assert phone.is_live
    assert server.sign_in(user).is_live


def finds_its_name(browser):
    other = url.replace("localhost", "127.0.0.1")
    tab = browser.open(other + "/sign-in?next=/console/users")
    tab.fill(username=request["administrator"], password=password)
    tab.press_button("Sign in")
    equal(tab.heading, "Open this by its own name")
    contains(tab.text, f"You opened this page as {other},")
    found = accessibility.everywhere(tab)
    assert not found, "\n".join(found)
    tab.press("Open it by its own name")
    equal(tab.driver.current_url, url + "/sign-in?next=/console/users")
    tab.fill(username=request["administrator"], password=password)
    tab.press_button("Sign in")
    equal(tab.path, "/console/users")


# Accessibility


def is_accessible(browser):
    """axe-core on every page. The pages are those of the server's routes: one that is not visited is a fault."""
    faults, visited = [], set()

    def look(tab, path=None):
        if path:
            go(tab, path)
        if tab.path == "/console":
            until("the page stays", lambda: is_there(tab, ".figures, .narrow"))
        # Some lead on to another one.
        seen = (tab.path, path or tab.path)
        visited.update(route for route in request["routes"] if any(is_of(route, one) for one in seen))
        faults.extend(accessibility.everywhere(tab))

    tab = browser.open(request["link"])
    look(tab)
    tab.fill(username="x", password="password")
    tab.press_button("Make the administrator")
    assert alert(tab)
    look(tab)
    tab.fill(username=request["administrator"], password=password)
    tab.press_button("Make the administrator")
    see_overview(tab)
    tab.press("Sign out")
    # Nobody is signed in.
    look(tab)
    look(tab, request["link"].removeprefix(url))
    equal(tab.heading, "This link does not work")
    sign_in(tab, secret="wrong")
    look(tab)
    look(tab, "/sign-in?next=/console")
    look(tab, "/sign-up")
    look(tab, "/nowhere")
    look(tab, "/sign-out")
    # Somebody who is no administrator, with another device and some events.
    server.sign_in(user, device="phone", agent=PHONE)
    server.sign_in(user, password="wrong")
    sign_in(tab)
    tab.named("Sign out everywhere else", ["summary"]).click()
    look(tab)
    look(tab, "/account?done=password")
    look(tab, "/console")
    tab.leave(lambda: go(tab, "/account"))
    tab.press("Sign out")
    # An administrator, who goes wherever a link leads: once to each page.
    sign_in(tab, request["administrator"])
    command("client", "add", "notes")
    first, second = server.sign_in(user), server.sign_in(user)
    replayed = first.refresh
    for _ in range(2):
        first.renew()
    first.renew(replayed)
    second.sign_out()
    waiting, known = ["/console"], set()
    while waiting:
        path = waiting.pop(0)
        look(tab, path)
        opened = [summary for summary in tab.all("summary") if not summary.get_attribute("open")]
        for summary in opened:
            summary.click()
        if opened:
            look(tab)
        for link in tab.run("return [...document.links].map((link) => link.href)"):
            target = link.split("#")[0].removeprefix(url)
            route = next((route for route in request["routes"] if is_of(route, target)), None)
            # A page that is fetched anew by itself would go under the hands of axe.
            if link.startswith(url) and route and route not in known and "live=1" not in target:
                known.add(route)
                waiting.append(target)
    needs_a_new_password(tab, look)
    for path in ("/console/users?q=nobody", "/console/sessions?state=ended", "/console/sessions/x"):
        look(tab, path)
    for path in (f"/console/sessions/{first.id}", "/console/keys?done=rotated"):
        look(tab, path)
    missing = sorted(set(request["routes"]) - visited)
    assert not missing, f"no one has looked at {missing}: visit them here"
    assert not faults, "\n".join(faults)
    # It does find what is wrong.
    tab.run("document.querySelector('main').insertAdjacentHTML('beforeend', '<input name=unnamed>')")
    assert any("label" in fault for fault in accessibility.faults(tab))
    return {"pages": len(visited)}


def needs_a_new_password(tab, look):
    """The form comes after the sign-in; the link is one that a mail would have, but for its secret."""
    look(tab, "/wasnt-me?link=x")
    go(tab, f"/console/users?q={user}")
    tab.press(user)
    tab.confirm("Require a new password")
    look(tab)
    tab.press("Sign out")
    look(tab, "/new-password")
    sign_in(tab)
    equal(tab.heading, "Choose a new password")
    look(tab)
    tab.fill(password=password, newPassword=password)
    tab.press_button("Set the new password")
    assert alert(tab)
    look(tab)
    sign_in(tab, request["administrator"])


def is_of(route, path):
    pattern = "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in route.split("/"))
    return re.fullmatch(pattern, path.split("?")[0]) is not None


signal.alarm(540)
scenario = {
    function.__name__: function
    for function in (
        first_administrator, signs_in_and_out, is_told_why, signs_up, finds_no_sign_up, manages_an_account, administers,
        shows_a_million_sessions, follows_events, works_without_scripts, refuses_other_origins, finds_its_name,
        is_accessible)
}[request["scenario"]]
with Browser(request["ca"]) as browser:
    seen = scenario(browser)
    violations = browser.violations()
    assert not violations, violations
    # The log would have one.
    tab = page(browser, "/signed-out")
    tab.run("document.body.insertAdjacentHTML('beforeend', '<img src=/x.png><p style=\"color: red\">x</p>')")
    until("the browser says so", browser.violations)
    json.dump(seen or {}, sys.stdout)
