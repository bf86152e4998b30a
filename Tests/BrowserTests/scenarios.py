"""What people do with martlet.js in a real browser, for BrowserTests.

Reads one JSON object from standard input:
  {"scenario": name, "server": URL, "ca": file, "tls": folder, "martlet": program, "data": folder, "user": name,
   "password": text}
and writes what it saw to standard output.
"""

import json
import signal
import subprocess
import sys

from browser import PATIENCE, Browser, ScriptError, until
from page_server import PageServer

request = json.load(sys.stdin)
server, user, password = request["server"], request["user"], request["password"]

LOAD = """
    const [server, options] = rest;
    const { createMartlet } = await import(server + "/martlet.js");
    window.events = [];
    window.martlet = createMartlet(options);
    for (const name of ["signed-in", "renewed", "signed-out"]) {
        martlet.addEventListener(name, (event) => events.push({ name, ...event.detail }));
    }
    return await martlet.ready;
"""


def load(tab, **options):
    return tab.wait(LOAD, server, options)


def page(browser, **options):
    """A tab of the server's own origin. Its API has no pages, so a script is let into one of its answers."""
    tab = browser.open()
    tab.cdp("Page.setBypassCSP", {"enabled": True})
    tab.get(server + "/health/live")
    tab.session = load(tab, **options)
    return tab


def sign_in(tab, name=user, secret=password):
    return tab.wait("return await martlet.signIn({ username: rest[0], password: rest[1] })", name, secret)


def fetch(tab, path="/v1/me"):
    return tab.wait("return (await martlet.fetch(rest[0])).status", server + path)


def events(tab, name):
    return tab.run("return events.filter((event) => event.name === arguments[0])", name)


def renewals(tab, count):
    until(f"{count} renewals", lambda: len(events(tab, "renewed")) >= count, 4 * PATIENCE)


def command(*arguments):
    subprocess.run([request["martlet"], *arguments, "--data", request["data"]], check=True, capture_output=True)


def stays_signed_in(browser):
    tab = page(browser)
    assert tab.session is None
    try:
        sign_in(tab, secret="wrong")
        raise AssertionError("a wrong password signed in")
    except ScriptError as error:
        assert error.code == "invalid_credentials", error
    session = sign_in(tab)
    assert session["user"]["username"] == user
    statuses = []
    # Calls all the time, over several lives of an access token.
    until("4 renewals", lambda: statuses.append(fetch(tab)) or len(events(tab, "renewed")) >= 4, 4 * PATIENCE)
    assert set(statuses) == {200}, statuses
    # No script can read the cookie, and nothing is kept where one could.
    assert tab.run("return document.cookie") == ""
    assert tab.run("return localStorage.length + sessionStorage.length") == 0
    cookies = tab.cdp("Network.getCookies", {"urls": [server]})["cookies"]
    assert [
        (c["name"], c["httpOnly"], c["secure"], c["sameSite"], c["path"], c["domain"]) for c in cookies
    ] == [("__Host-martlet-refresh", True, True, "Strict", "/", "localhost")], cookies
    # A page that is opened anew knows who is there.
    tab.get(server + "/health/live")
    assert load(tab)["id"] == session["id"]
    assert fetch(tab) == 200
    assert events(tab, "signed-out") == []
    tab.wait("await martlet.signOut()")
    assert [event["reason"] for event in events(tab, "signed-out")] == ["signed_out"]
    assert tab.cdp("Network.getCookies", {"urls": [server]})["cookies"] == []
    tab.get(server + "/health/live")
    assert load(tab) is None
    return {}


def ten_tabs(browser):
    tabs = [page(browser)]
    sign_in(tabs[0])
    for _ in range(9):
        tabs.append(page(browser))
        assert tabs[-1].session is not None
    # All of them call all the time, so each wants each token.
    for tab in tabs:
        tab.run(
            "window.statuses = new Set(); window.stop = false;"
            "(async () => { while (!stop) { statuses.add(await martlet.fetch(arguments[0]).then("
            "(answer) => answer.status, (error) => error.code)); await new Promise((go) => setTimeout(go, 50)); } })()",
            server + "/v1/me")
    before = len(events(tabs[0], "renewed"))
    renewals(tabs[0], before + 12)
    statuses = set()
    for tab in tabs:
        tab.run("stop = true")
        statuses |= set(tab.run("return [...statuses]"))
    # A hidden page begins no renewal: once all have heard of the newest token, that was all there is.
    for tab in tabs:
        tab.run("Object.defineProperty(document, 'hidden', { value: true })")

    def are_settled():
        locks = tabs[0].wait("return await navigator.locks.query()")
        newest = {json.dumps(tab.run("return events.at(-1)")) for tab in tabs}
        return not any(lock["mode"] == "exclusive" for lock in locks["held"] + locks["pending"]) and len(newest) == 1

    until("all tabs have heard of the newest token", are_settled)
    assert [events(tab, "signed-out") for tab in tabs] == [[]] * 10
    assert statuses == {200}, statuses
    tabs[0].wait("await martlet.signOut()")
    return {"renewals": len(events(tabs[0], "renewed")), "cycles": 12}


PATIENT = """
    // After two seconds a tab no longer waits for what the others have. Here they all answer, however slow they are.
    const soon = setTimeout;
    window.setTimeout = (work, delay = 0, ...all) => soon(work, delay === 2e3 ? 3e4 : delay, ...all);
"""


TAB = """<!doctype html><title>tab</title><script type="module">
""" + PATIENT + """
    const { createMartlet } = await import("{server}/martlet.js");
    window.events = [];
    const begin = () => {
        window.martlet = createMartlet({ client: "web" });
        for (const name of ["signed-in", "renewed", "signed-out"]) {
            martlet.addEventListener(name, (event) => events.push({ name, ...event.detail }));
        }
        martlet.ready.then((session) => (window.isReady = true));
    };
    // Where it is told to wait for the others, it begins at the word that goes to all of them.
    if (location.pathname === "/together") new BroadcastChannel("begin").onmessage = begin;
    else begin();
    window.isLoaded = true;
</script>"""


def ten_tabs_at_once(browser):
    own = PageServer(request["tls"], TAB.replace("{server}", server))
    command("client", "add", "web", "--public", "--origin", own.origin)
    first = browser.open(own.origin)
    until("the server has heard of the client", lambda: is_allowed(first))
    first.get(own.origin)
    are_ready([first])
    session = sign_in(first)
    # A click that opens many: each asks who is there when it begins, and the first tells them all.
    first.run("for (let count = 0; count < 9; count += 1) open(arguments[0], '_blank', 'noopener')", own.origin)
    tabs = until("ten tabs are open", lambda: len(browser.tabs()) == 10 and browser.tabs())
    are_ready(tabs)
    assert [tab.run("return martlet.session?.id") for tab in tabs] == [session["id"]] * 10
    assert [events(tab, "renewed") for tab in tabs] == [[]] * 10
    # A browser that comes back with its tabs: no one has a token, and all begin at the same moment.
    for tab in tabs:
        tab.get(own.origin + "/together")
    until("all wait", lambda: all(tab.run("return window.isLoaded") for tab in tabs))
    tabs[0].run("new BroadcastChannel('begin').postMessage('now')")
    are_ready(tabs)
    assert [tab.run("return martlet.session?.id") for tab in tabs] == [session["id"]] * 10
    assert [fetch(tab) for tab in tabs] == [200] * 10
    assert [events(tab, "signed-out") for tab in tabs] == [[]] * 10
    own.close()
    return {}


def are_ready(tabs):
    until("they know who is signed in", lambda: all(tab.run("return window.isReady") for tab in tabs), 2 * PATIENCE)


def closed_while_renewing(browser):
    first, second = page(browser), page(browser)
    sign_in(first)
    until("the second tab has heard", lambda: second.run("return martlet.session"))
    # The first tab's answers take so long that it holds the lock for a while.
    first.cdp("Network.enable")
    slow = {"offline": False, "latency": 15_000, "downloadThroughput": -1, "uploadThroughput": -1}
    first.cdp("Network.emulateNetworkConditions", slow)
    # It calls all the time, so it renews though nobody looks at it; the second does not.
    first.run("setInterval(() => martlet.fetch(arguments[0]).catch(() => {}), 200)", server + "/v1/me")
    second.run(
        "Object.defineProperty(document, 'hidden', { value: true });"
        "document.dispatchEvent(new Event('visibilitychange'))")

    def is_renewing():
        return second.wait(
            "return (await navigator.locks.query()).held.some((lock) => lock.mode === 'exclusive')")

    until("the first tab holds the lock", is_renewing)
    first.close()
    assert fetch(second) == 200
    renewals(second, 1)
    assert events(second, "signed-out") == []
    third = page(browser)
    assert third.session is not None and fetch(third) == 200
    return {}


def loses_the_network(browser):
    tab = page(browser)
    session = sign_in(tab)
    tab.set_offline(True)
    # It tries, in vain, and the access token dies meanwhile.
    tab.run(
        "window.calls = 0; const original = fetch;"
        "window.fetch = (...all) => { calls += `${all[0]}`.endsWith('/refresh'); return original(...all); }")
    # They begin at four fifths of its life, and wait longer each time; by the fourth the token is dead in any case.
    until("several attempts", lambda: tab.run("return calls") >= 4)
    assert tab.run("return martlet.session.id") == session["id"]
    assert events(tab, "signed-out") == []
    late = tab.run("window.late = martlet.fetch(arguments[0]).then((answer) => answer.status, (error) => error.code)",
                   server + "/v1/me")
    assert late is None
    tab.set_offline(False)
    assert tab.wait("return await late") == 200
    assert events(tab, "signed-out") == []
    renewals(tab, 1)
    return {}


ANSWER = """
    // What a proxy in between may answer to renewals.
    window.odd = arguments[0];
    window.tries = [];
    const original = fetch;
    window.fetch = async (input, init) => {
        if (!odd || !`${input}`.endsWith("/refresh")) return original(input, init);
        tries.push(performance.now());
        return new Response("<p>No</p>", odd);
    };
"""


def waits_after_odd_answers(browser):
    tab = page(browser)
    session = sign_in(tab)
    tab.run(ANSWER, {"status": 403})
    # Neither the session's end nor a failure that passes: somebody looks at the page, but it asks later each time.
    tries = until("three tries", lambda: len(tab.run("return tries")) >= 3 and tab.run("return tries"))
    pauses = [later - earlier for earlier, later in zip(tries, tries[1:])]
    assert pauses[0] > 240 and pauses[1] > 490, pauses
    assert tab.run("return martlet.session.id") == session["id"]
    tab.run("odd = null")
    assert fetch(tab) == 200
    renewals(tab, 1)
    # Of what it is asked to wait it waits a day: a timer of 46 days would go off at once.
    tab.run(
        "tries.length = 0; odd = { status: 503, headers: { 'Retry-After': '4000000' } }; window.delays = [];"
        "const original = setTimeout;"
        "window.setTimeout = (work, delay = 0, ...all) => { delays.push(delay); return original(work, delay, ...all); }")
    until("it waits for a day", lambda: tab.run("return delays.includes(864e5)"))
    assert tab.run("return Math.max(...delays)") == 864e5
    assert len(tab.run("return tries")) == 1
    # Whoever signs in meanwhile need not wait.
    tab.run("odd = null")
    sign_in(tab)
    assert fetch(tab) == 200
    before = len(events(tab, "renewed"))
    renewals(tab, before + 1)
    assert events(tab, "signed-out") == []
    return {}


SLEEP = PATIENT + """
    // As a sleeping machine has it: nobody looks, one clock stands still, and the other is hours ahead afterwards.
    const stopped = performance.now(), wall = Date.now;
    let isHidden = true, hours = 0;
    performance.now = () => stopped;
    Date.now = () => wall() + hours * 36e5;
    Object.defineProperty(document, "hidden", { get: () => isHidden });
    document.dispatchEvent(new Event("visibilitychange"));
    window.wake = () => {
        hours = 8;
        isHidden = false;
    };
    // What goes over the network, and what comes of it.
    window.calls = [];
    const original = fetch;
    window.fetch = async (input, init) => {
        const request = new Request(input, init);
        const call = { path: new URL(request.url).pathname, token: request.headers.get("Authorization") };
        calls.push(call);
        const answer = await original(request);
        call.status = answer.status;
        return answer;
    };
"""


def wakes_after_hours(browser):
    tabs = [page(browser), page(browser)]
    session = sign_in(tabs[0])
    until("the second tab has heard", lambda: tabs[1].run("return martlet.session"))
    old, new, renewed = set(), set(), 0
    for tab in tabs:
        tab.run(SLEEP)
        assert fetch(tab) == 200
        old |= {call["token"] for call in tab.run("return calls.splice(0)")}
    # One wakes with the machine, the other comes back out of the browser's cache of pages.
    wakes = (
        "document.dispatchEvent(new Event('visibilitychange'));",
        "dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));"
        "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));")
    for tab, event in zip(tabs, wakes):
        tab.run(
            "wake();" + event +
            "window.answers = Promise.all([1, 2, 3].map(() => martlet.fetch(arguments[0])))"
            ".then((all) => all.map((answer) => answer.status))", server + "/v1/me")
    for tab in tabs:
        assert tab.wait("return await answers") == [200] * 3
        calls = tab.run("return calls")
        assert {call["status"] for call in calls} == {200}, calls
        renewed += len([call for call in calls if call["path"] == "/v1/sessions/refresh"])
        new |= {call["token"] for call in calls if call["path"] == "/v1/me"}
        assert len(events(tab, "renewed")) == 1
        assert events(tab, "signed-out") == []
    # The old token is not even tried, and one tab has the new one from the other.
    assert renewed == 1 and len(old) == len(new) == 1 and not old & new, (renewed, old, new)
    assert fetch(tabs[0]) == 200 and tabs[0].run("return martlet.session.id") == session["id"]
    return {}


def is_told_why(browser):
    tab = page(browser)
    sign_in(tab)
    command("session", "revoke", "--all")
    ended = until("the page hears of it", lambda: events(tab, "signed-out"))
    assert [event["reason"] for event in ended] == ["revoked_by_admin"], ended
    assert ended[0]["message"] == "An administrator ended the session."
    assert tab.run("return martlet.session") is None
    try:
        fetch(tab)
        raise AssertionError("it was fetched without a token")
    except ScriptError as error:
        assert error.code == "signed_out", error
    assert tab.cdp("Network.getCookies", {"urls": [server]})["cookies"] == []
    sign_in(tab)
    assert fetch(tab) == 200
    return {}


def signs_out_everywhere(browser):
    tabs = [page(browser) for _ in range(4)]
    sign_in(tabs[0])
    for tab in tabs:
        until("every tab is signed in", lambda: tab.run("return martlet.session"))
    tabs[2].wait("await martlet.signOut()")
    for tab in tabs:
        ended = until("every tab is signed out", lambda: events(tab, "signed-out"))
        assert [event["reason"] for event in ended] == ["signed_out"], ended
    sign_in(tabs[3])
    for tab in tabs:
        until("every tab is signed in again", lambda: tab.run("return martlet.session"))
    return {}


ANOTHER_USER = """
    // Bob signs in while the first call is under way, whose answer then is that the token is no good any more.
    const [password] = arguments;
    const original = fetch;
    let isFirst = true;
    window.sent = 0;
    window.fetch = async (input, init) => {
        const request = new Request(input, init);
        const isCall = new URL(request.url).pathname === "/v1/me";
        sent += isCall;
        if (!isCall || !isFirst) return original(request);
        isFirst = false;
        await martlet.signIn({ username: "bob", password });
        return new Response(null, { status: 401, headers: { "WWW-Authenticate": 'Bearer error="invalid_token"' } });
    };
"""


def is_not_another_user(browser):
    tab = page(browser)
    sign_in(tab)
    tab.run(ANOTHER_USER, password)
    assert fetch(tab) == 401
    assert tab.run("return sent") == 1
    assert tab.run("return martlet.session.user.username") == "bob"
    assert fetch(tab) == 200
    # One tab holds the lock as ada signs in there, while bob's call waits for it in the other.
    other = page(browser)
    other.run(
        "const original = fetch; window.go = null;"
        "window.fetch = async (...all) => { await new Promise((resolve) => go = resolve); return original(...all); };"
        "martlet.signIn({ username: arguments[0], password: arguments[1] })", user, password)
    until("the sign-in is under way", lambda: other.run("return go !== null"))
    tab.run(
        "const now = performance.now(); performance.now = () => now + 36e5; sent = 0;"
        "window.outcome = martlet.fetch(arguments[0]).then((answer) => answer.status, (error) => error.code)",
        server + "/v1/me")
    other.run("go()")
    assert tab.wait("return await outcome") == "signed_out"
    assert tab.run("return sent") == 0
    assert fetch(tab) == 200
    assert tab.run("return martlet.session.user.username") == user
    return {}


FORGE = """
    const [server, user, password] = rest;
    const outcomes = {};
    const tries = {
        json: ["POST", "cors", "application/json"], text: ["POST", "no-cors", "text/plain"],
        form: ["POST", "no-cors", "application/x-www-form-urlencoded"], remove: ["DELETE", "cors", undefined],
    };
    const signIn = JSON.stringify({ username: user, password, delivery: "cookie" });
    for (const [name, [method, mode, type]] of Object.entries(tries)) {
        for (const path of method === "DELETE" ? ["/v1/sessions/current"] : ["/v1/sessions", "/v1/sessions/refresh"]) {
            const headers = type ? { "Content-Type": type } : {};
            const body = method === "DELETE" ? undefined : path === "/v1/sessions" ? signIn : "{}";
            outcomes[`${name} ${path}`] = await fetch(server + path, {
                method, mode, headers, body, credentials: "include",
            }).then((answer) => answer.type, (error) => error.name);
        }
    }
    return outcomes;
"""


def refuses_other_sites(browser):
    tab = page(browser)
    session = sign_in(tab)
    # Another site, and one of the same site that nobody allowed: browsers send the cookie along from there.
    for host in ("127.0.0.1", "localhost"):
        forger = PageServer(request["tls"], host=host)
        evil = browser.open(forger.origin + "/")
        outcomes = evil.wait(FORGE, server, user, password)
        assert set(outcomes.values()) <= {"TypeError", "opaque"}, outcomes
        assert {value for key, value in outcomes.items() if "json" in key or "remove" in key} == {"TypeError"}
        # A form that sends itself, which navigates.
        evil.run(
            "const form = document.createElement('form'); form.method = 'POST'; form.enctype = 'text/plain';"
            "form.action = arguments[0] + '/v1/sessions/refresh'; const input = document.createElement('input');"
            "input.name = '{\"a\":\"'; input.value = '\"}'; form.append(input); document.body.append(form); form.submit()",
            server)
        until("the form was answered", lambda: evil.run("return location.href").startswith(server))
        evil.close()
        forger.close()
    assert fetch(tab) == 200
    mine = tab.wait("return (await (await martlet.fetch(rest[0])).json()).sessions.map((one) => one.id)",
                    server + "/v1/sessions")
    assert mine == [session["id"]], mine
    assert events(tab, "signed-out") == []
    renewals(tab, len(events(tab, "renewed")) + 1)
    # Or it would go on renewing after it was counted.
    tab.wait("await martlet.signOut()")
    return {"renewals": len(events(tab, "renewed"))}


def works_from_an_allowed_origin(browser):
    own = PageServer(request["tls"])
    command("client", "add", "web", "--public", "--origin", own.origin)
    tab = browser.open(own.origin + "/")
    until("the server has heard of the client", lambda: is_allowed(tab))
    assert load(tab, client="web") is None
    session = sign_in(tab)
    renewals(tab, 2)
    assert fetch(tab) == 200
    names = [cookie["name"] for cookie in tab.cdp("Network.getCookies", {"urls": [server]})["cookies"]]
    assert names == ["__Host-martlet-refresh-web"], names
    tab.get(own.origin + "/again")
    assert load(tab, client="web")["id"] == session["id"]
    # Tokens are for the page, the server, and what is named.
    try:
        tab.wait("await martlet.fetch('https://elsewhere.example/')")
        raise AssertionError("a token went elsewhere")
    except ScriptError as error:
        assert error.code == "origin_refused", error
    # Nor is a redirect followed with one, be it to another origin or to the same.
    other = PageServer(request["tls"], host="127.0.0.1")
    for target in (other.origin + "/stolen", "/stolen"):
        try:
            tab.wait("await martlet.fetch(rest[0])", "/moved?" + target)
            raise AssertionError("a token was redirected")
        except ScriptError as error:
            assert error.code == "redirect_refused", error
        assert tab.wait("return (await martlet.fetch(rest[0], { redirect: 'manual' })).type", "/moved?" + target) == (
            "opaqueredirect")
    assert "/stolen" not in other.paths + own.paths
    other.close()
    # It is not the client of another's cookie.
    assert tab.wait(
        "return (await fetch(rest[0] + '/v1/sessions/refresh', { method: 'POST', credentials: 'include',"
        "headers: { 'Content-Type': 'application/json' }, body: '{}' })).status", server) == 403
    tab.wait("await martlet.signOut()")
    own.close()
    return {}


def is_allowed(tab):
    return tab.wait(
        "return fetch(rest[0] + '/v1/me').then((answer) => answer.status === 401, () => false)", server)


signal.alarm(540)
scenario = {
    function.__name__: function
    for function in (
        stays_signed_in, ten_tabs, ten_tabs_at_once, closed_while_renewing, loses_the_network, waits_after_odd_answers,
        wakes_after_hours, is_told_why, signs_out_everywhere, is_not_another_user, refuses_other_sites,
        works_from_an_allowed_origin)
}[request["scenario"]]
with Browser(request["ca"]) as browser:
    json.dump(scenario(browser), sys.stdout)
