"""axe-core on a page as it is shown: light and dark, wide and on a phone."""

import json
import pathlib

import axe_playwright_python

# The package is asked for its script only.
AXE = (pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
WIDE, PHONE = (1280, 900), (360, 740)

RUN = """(async () => {
    const found = await axe.run(document, { preload: false, resultTypes: ["violations"] });
    return JSON.stringify(found.violations.map((one) => ({
        rule: one.id, impact: one.impact, help: one.help, where: one.nodes.map((node) => node.html.slice(0, 160)) })));
})()"""


def faults(tab):
    """What axe finds serious or critical on the page as it is, in words."""
    # Neither is a script of the page's, so its policy does not matter.
    evaluate(tab, AXE + "; undefined")
    found = json.loads(evaluate(tab, RUN))
    return [
        f"{one['impact']}: {one['rule']}, {one['help']}: {one['where']}"
        for one in found if one["impact"] in ("serious", "critical")]


def evaluate(tab, script):
    answer = tab.cdp(
        "Runtime.evaluate", {"expression": script, "awaitPromise": True, "returnByValue": True, "timeout": 60_000})
    if "exceptionDetails" in answer:
        raise AssertionError(answer["exceptionDetails"])
    return answer["result"].get("value")


def everywhere(tab):
    """The same for each way that the page is looked at; a page that is wider than its window is a fault, too."""
    all_of_them = []
    for width, height in (WIDE, PHONE):
        tab.size(width, height)
        for dark in (False, True):
            tab.dark(dark)
            name = f"{tab.path} at {width} px, {'dark' if dark else 'light'}"
            all_of_them += [f"{name}: {fault}" for fault in faults(tab)]
        wide = tab.run("return document.documentElement.scrollWidth")
        if wide > width:
            all_of_them.append(f"{tab.path} at {width} px is {wide} px wide")
    tab.size(*WIDE)
    tab.dark(False)
    return all_of_them
