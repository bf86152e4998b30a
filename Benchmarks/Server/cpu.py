"""Where a process spends its CPU time, by perf's samples of its stacks."""

import contextlib
import re
import subprocess

# The first of these that matches anywhere in a sample's stack says what it was spent on. Assembly of BoringSSL keeps no
# frame pointers, so that the stack ends there: a signature is known by its own functions too.
STORAGE = re.compile(r"sqlite3|PresentationQueue|RenewalStatements|SQLiteStorage|SerializedDatabase|Checkpointer")
SIGNING = re.compile(r"ecp_nistz256|ECDSA|ecdsa|AccessTokenSigner|CompactJWS|P256")
REST = re.compile(r"9AuthorityC|RefreshToken|RotationDecision|5GrantV|KeyRing|11RenewalBody|4HMACV|sha256")


@contextlib.contextmanager
def split_of_cpu(process, seconds, folder):
    """Samples a process for a while. The shares are filled in when it is over."""
    shares = {}
    file = f"{folder}/perf.data"
    perf = subprocess.Popen(
        ["perf", "record", "-F", "999", "-g", "-o", file, "-p", str(process), "--", "sleep", str(seconds)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield shares
    perf.wait()
    text = subprocess.run(
        ["perf", "script", "-i", file, "-F", "comm,ip,sym"], capture_output=True, text=True, check=True).stdout
    counts = dict.fromkeys(("HTTP", "storage", "signing", "rest"), 0)
    for sample in text.split("\n\n"):
        if not sample.strip():
            continue
        # The storage's own threads are those that are no event loops.
        if not sample.lstrip().startswith("NIO-") or STORAGE.search(sample):
            counts["storage"] += 1
        elif SIGNING.search(sample):
            counts["signing"] += 1
        elif REST.search(sample):
            counts["rest"] += 1
        else:
            counts["HTTP"] += 1
    total = sum(counts.values()) or 1
    shares.update((name, count / total) for name, count in counts.items())
