// Stays signed in, in the browser: the refresh token is in a cookie that no script can read, the access token is in
// memory only, and of all tabs one renews. This file is all there is to it: no dependencies, no build.
//
//   const martlet = createMartlet();
//   martlet.addEventListener("signed-out", (event) => show(event.detail.message));
//   await martlet.signIn({ username, password });
//   const answer = await martlet.fetch("/v1/me");
//
// The rules are those of docs/rotation.md, "The client's half".

const units = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

/** Milliseconds of `30m` and the like. */
const milliseconds = (text) => {
  const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (!unit) throw new MartletError("malformed_answer", `The server's answer has a duration ${text}.`);
  return count * units[unit];
};

/** Time since a moment, by whichever clock went further: one stops while the machine sleeps, the other may be set back. */
const moment = () => ({ wall: Date.now(), mono: performance.now() });
const since = (then) => Math.max(Date.now() - then.wall, performance.now() - then.mono);

/** How long one request may take, and how long a caller waits for a renewal. */
const deadline = 2e4;
const patience = 6e4;

/** The longest pause. Timers that are set for more than 24.8 days go off at once. */
const longest = units.d;

/** How long to pause after failures: longer each time, and never the same for two tabs. */
const backoff = (failures) => Math.min(3e4, 500 * 2 ** Math.min(failures, 8)) * (0.5 + Math.random() / 2);

export class MartletError extends Error {
  constructor(code, message, details = {}) {
    super(message);
    this.name = "MartletError";
    this.code = code;
    Object.assign(this, details);
  }
}

/** Where there are no Web Locks: one after the other in this tab. */
const ownLocks = () => {
  let last = Promise.resolve();
  return {
    request: (_name, options, work) => (options.mode === "shared" ? work() : (last = last.then(work, work))),
    query: async () => ({ held: [] }),
  };
};

class Martlet extends EventTarget {
  #server;
  #client;
  #origins;
  #name;
  #locks = globalThis.navigator?.locks ?? ownLocks();
  #channel;
  #id = Math.random().toString(36).slice(2) + Math.random().toString(36).slice(2);
  /** What is known of the session: the tokens' answer and when it came. Never written anywhere. */
  #grant = null;
  /** Sessions that are over: what is still on its way to this tab does not bring them back. */
  #over = new Set();
  #end = null;
  #renewing = null;
  /** How many renewals in a row were refused, why, and until when none is tried. */
  #hold = null;
  #timer = 0;
  #wake = () => {};
  #leave = () => {};
  #answered = () => {};

  constructor({ server, client = "first-party", origins = [] } = {}) {
    super();
    this.#server = new URL(server ?? import.meta.url).origin;
    this.#client = client;
    this.#origins = new Set([globalThis.location?.origin, this.#server, ...origins.map((url) => new URL(url).origin)]);
    this.#name = `martlet ${this.#server} ${client}`;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    this.#arrive();
    globalThis.addEventListener?.("pagehide", () => this.#leave());
    globalThis.addEventListener?.("pageshow", (event) => {
      if (event.persisted) this.#arrive(), this.#look();
    });
    globalThis.addEventListener?.("online", () => this.#look());
    globalThis.document?.addEventListener("visibilitychange", () => this.#look());
    /** Fulfilled once it is known whether somebody is signed in. */
    this.ready = this.#renew().then(
      () => this.session,
      () => this.session,
    );
  }

  /** Who is signed in, and until when at most; null for nobody. */
  get session() {
    return this.#grant && { ...this.#grant.session, user: this.#grant.user };
  }

  async signIn({ username, password, device }) {
    const grant = await this.#locked(async () => {
      const body = { username, password, device, client: this.#client, delivery: "cookie" };
      return this.#received(await this.#ask("POST", "/v1/sessions", body));
    });
    this.#adopt(grant);
    this.#tell({ grant });
    return this.session;
  }

  /** Signs out in all tabs. Where the server cannot be reached, it throws, and nobody is signed out. */
  async signOut() {
    const session = this.#grant?.session.id;
    await this.#retrying(() =>
      this.#locked(() => this.#ask("DELETE", "/v1/sessions/current", { client: this.#client })).catch((error) => {
        // There was nothing to sign out of.
        if (error.status !== 401) throw error;
      }), since, moment(),
    );
    const end = { reason: "signed_out", message: "You signed out.", session };
    this.#finish(end);
    this.#tell({ end });
  }

  /** `fetch` with the access token, which is renewed ahead of its end, and once more where it is refused. */
  async fetch(input, init) {
    const request = new Request(input, init);
    if (!this.#origins.has(new URL(request.url).origin)) {
      throw new MartletError("origin_refused", `${new URL(request.url).origin} gets no token: name it in origins.`);
    }
    const user = this.#grant?.user.id;
    const grant = await this.#current(request.signal);
    // As whom the request was not meant.
    if (user && grant.user.id !== user) throw new MartletError("signed_out", "Another user has signed in.");
    const again = request.clone();
    const answer = await this.#with(grant, request);
    let next = null;
    if (answer.status === 401 && (await this.#isRefusal(answer.clone()))) {
      grant.refused = true;
      next = await this.#current(request.signal).catch((error) => {
        if (request.signal.aborted) throw error;
        return null;
      });
    }
    if (next?.user.id === grant.user.id) return this.#with(next, again);
    again.body?.cancel().catch(() => {});
    return answer;
  }

  /** Goes to the very URL: not every browser takes the token off a request that is redirected to another origin. */
  async #with(grant, request) {
    request.headers.set("Authorization", `Bearer ${grant.accessToken.token}`);
    const { redirect, referrer, referrerPolicy } = request;
    if (redirect !== "follow") return fetch(request);
    // A request that is made of another has a referrer of its own.
    const answer = await fetch(new Request(request, { redirect: "manual", referrer, referrerPolicy }));
    // No script can read where to.
    if (answer.type === "opaqueredirect") {
      throw new MartletError("redirect_refused", `${request.url} redirects, and the token follows no redirect. ` +
        "Fetch the URL that it leads to.");
    }
    return answer;
  }

  /** Whether a 401 is about the access token. */
  async #isRefusal(answer) {
    if (/error="invalid_token"/.test(answer.headers.get("WWW-Authenticate") ?? "")) return true;
    const problem = await answer.json().catch(() => null);
    return ["refresh", "sign_in"].includes(problem?.next);
  }

  /** A grant whose access token can be sent. */
  async #current(signal) {
    if (!this.#isFresh()) {
      const renewed = this.#renew();
      // Ahead of the end, the token is good while its successor is fetched.
      if (this.#isAlive()) renewed.catch(() => {});
      else await this.#impatiently(renewed, signal);
    }
    if (!this.#grant) throw this.#signedOut();
    return this.#grant;
  }

  #impatiently(promise, signal) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new MartletError("unreachable", "The server cannot be reached. You are still signed in.")), patience);
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      promise.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  #signedOut() {
    return new MartletError("signed_out", this.#end?.message ?? "Nobody is signed in.", { reason: this.#end?.reason });
  }

  #isFresh() {
    return this.#isAlive() && since(this.#grant.at) < this.#grant.renewIn;
  }

  #isAlive() {
    return !!this.#grant && !this.#grant.refused && since(this.#grant.at) < this.#grant.liveIn;
  }

  // MARK: Renewal

  /** Renews unless another tab did, until it succeeds, is refused, or the session is over. One at a time in this tab. */
  #renew() {
    this.#renewing ??= this.#holding().finally(() => {
      this.#renewing = null;
      this.#schedule();
    });
    return this.#renewing;
  }

  /**
   * A refusal is neither a failure that passes nor the session's end, and trying again at once will not help. So the next
   * renewal waits, and longer each time; it fails at once where nobody would wait so long.
   */
  async #holding() {
    const rest = this.#rest();
    if (rest > patience) {
      const { error } = this.#hold;
      throw new MartletError(error.code, error.message, { ...error, retryAfter: rest });
    }
    if (rest > 0) await this.#pause(rest, rest);
    try {
      await this.#retrying(() => this.#attempt());
    } catch (error) {
      // Somebody signed in, or renewed in another tab, while the answer was on its way. Theirs counts.
      if (this.#isFresh()) return;
      const failures = this.#hold?.failures ?? 0;
      const pause = Math.max(backoff(failures), error.retryAfter ?? 0);
      this.#hold = { error, pause, from: moment(), failures: failures + 1 };
      throw error;
    }
  }

  /** How long no renewal may be tried yet. */
  #rest() {
    return this.#hold ? Math.max(0, this.#hold.pause - since(this.#hold.from)) : 0;
  }

  async #attempt() {
    const ended = this.#end;
    const answer = await this.#locked(async () => {
      // What the others got while this tab waited for the lock will do.
      if (this.#isFresh() || this.#end !== ended) return null;
      await this.#askOthers();
      if (this.#isFresh() || this.#end !== ended) return null;
      const known = this.#grant?.session.id;
      try {
        const grant = this.#received(await this.#ask("POST", "/v1/sessions/refresh", { client: this.#client }));
        this.#adopt(grant);
        this.#tell({ grant });
      } catch (error) {
        if (error.next !== "sign_in") throw error;
        // Without a reason the cookie is gone, which tells nothing that a person could use.
        const message = error.reason ? error.message : "You are not signed in any more.";
        const end = { reason: error.reason, message, session: known };
        this.#finish(end);
        this.#tell({ end });
      }
      return null;
    });
    return answer;
  }

  /** Tries again what failed in passing: no network, 429, 5xx, `next: reload`. */
  async #retrying(work, elapsed, start) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const passes = error.code === "unreachable" || ["retry", "reload"].includes(error.next);
        if (!passes || (elapsed && elapsed(start) > patience)) throw error;
        await this.#pause(Math.max(backoff(attempt), error.retryAfter ?? 0), error.retryAfter ?? 0);
      }
    }
  }

  /** Waits. The network's return cuts it short, but not what the server asked for; a new grant ends it in any case. */
  #pause(duration, least) {
    const start = moment();
    const grant = this.#grant;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, duration);
      this.#wake = () => {
        if (since(start) >= least || this.#grant !== grant) clearTimeout(timer), resolve();
      };
    });
  }

  /** The lock is held until the work has settled. It ends in time, since each request has a deadline. */
  #locked(work) {
    return this.#locks.request(this.#name, { mode: "exclusive" }, work);
  }

  /** The whole answer, within the deadline. `AbortSignal.timeout` is younger than all else that is used here. */
  async #send(path, options) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), deadline);
    try {
      const answer = await fetch(this.#server + path, { ...options, signal: controller.signal });
      return { answer, text: await answer.text() };
    } catch (error) {
      throw new MartletError("unreachable", "The server cannot be reached.", { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(method, path, body) {
    const { answer, text } = await this.#send(path, {
      method,
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json" },
      credentials: "include",
      cache: "no-store",
      redirect: "error",
    });
    let json = null;
    try {
      json = text ? JSON.parse(text) : null;
    } catch {
      // A proxy's page.
    }
    if (answer.ok) return json;
    const seconds = Number(answer.headers.get("Retry-After"));
    const next = json?.next ?? (answer.status >= 500 || answer.status === 429 ? "retry" : "none");
    const unexpected =
      `The server answered ${answer.status}, and not as a Martlet server does. ` +
      "Check the server's URL, and whether a proxy or portal is in between.";
    throw new MartletError(json?.code ?? "unexpected_answer", json?.detail ?? unexpected, {
      status: answer.status,
      next,
      reason: json?.reason,
      retryAfter: seconds > 0 ? Math.min(seconds * 1e3, longest) : undefined,
    });
  }

  /** A grant, with how long it is good counted from now by the server's own times. */
  #received(answer) {
    const { token, expiresIn, expiresAt, renewAt } = answer?.accessToken ?? {};
    if (!token) throw new MartletError("malformed_answer", "The server's answer has no access token.");
    const liveIn = milliseconds(expiresIn);
    const renewIn = Math.min(liveIn, Math.max(0, liveIn - (Date.parse(expiresAt) - Date.parse(renewAt))));
    if (Number.isNaN(renewIn)) throw new MartletError("malformed_answer", "The server's answer has no times.");
    return { ...answer, liveIn, renewIn, at: moment() };
  }

  #adopt(grant) {
    const known = this.#grant?.session;
    this.#grant = grant;
    this.#end = this.#hold = null;
    this.#wake();
    this.#schedule();
    const isNew = known?.id !== grant.session.id;
    this.dispatchEvent(new CustomEvent(isNew ? "signed-in" : "renewed", { detail: this.session }));
  }

  #finish(end) {
    if (end.session) this.#over.add(end.session);
    const wasSignedIn = !!this.#grant;
    this.#grant = this.#hold = null;
    this.#end = end;
    clearTimeout(this.#timer);
    this.#wake();
    if (wasSignedIn) {
      const { reason, message } = end;
      this.dispatchEvent(new CustomEvent("signed-out", { detail: { reason, message } }));
    }
  }

  /** Renews ahead of the end while somebody looks; a hidden page renews when it fetches. */
  #schedule() {
    clearTimeout(this.#timer);
    if (!this.#grant || this.#renewing || globalThis.document?.hidden) return;
    const wait = this.#grant.refused ? 0 : this.#grant.renewIn - since(this.#grant.at);
    this.#timer = setTimeout(() => this.#look(), Math.min(Math.max(0, wait, this.#rest()), longest));
  }

  /** The page woke up, is looked at again, or has its network back. */
  #look() {
    this.#wake();
    if (!this.#grant || globalThis.document?.hidden) return;
    if (this.#isFresh()) this.#schedule();
    else this.#renew().catch(() => {});
  }

  // MARK: The other tabs

  /** A lock that is held as long as this tab is there, by which the others know of it. */
  #arrive() {
    this.#locks
      .request(`${this.#name} ${this.#id}`, { mode: "shared" }, () => new Promise((leave) => (this.#leave = leave)))
      .catch(() => {});
  }

  async #others() {
    const { held } = await this.#locks.query();
    const beginning = `${this.#name} `;
    const ids = held.filter(({ name }) => name.startsWith(beginning)).map(({ name }) => name.slice(beginning.length));
    return new Set(ids.filter((id) => id !== this.#id));
  }

  /** Asks the other tabs for what they have, and waits until one has a fresh token, or all have none. */
  async #askOthers() {
    const others = await this.#others();
    if (others.size === 0) return;
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, 2e3);
      this.#answered = (id) => {
        others.delete(id);
        if (others.size > 0 && !this.#isFresh()) return;
        clearTimeout(timer);
        resolve();
      };
      this.#tell({ ask: true, than: this.#grant?.accessToken.expiresAt, session: this.#grant?.session.id });
    });
    this.#answered = () => {};
  }

  #tell(message) {
    const grant = message.grant && { ...message.grant, at: message.grant.at.wall, refused: undefined };
    this.#channel.postMessage({ ...message, grant, from: this.#id });
  }

  #hear({ ask, than, session, grant, end, from }) {
    if (ask) {
      const isNews = this.#isFresh() && (this.#grant.session.id !== session || this.#grant.accessToken.expiresAt !== than);
      return this.#tell({ grant: isNews ? this.#grant : undefined, none: true });
    }
    if (grant) this.#take(grant);
    if (end && (!this.#grant || !end.session || end.session === this.#grant.session.id)) this.#finish(end);
    this.#answered(from);
  }

  /** Takes a grant from another tab, unless this one knows better: a later sign-in wins, then the later token. */
  #take(grant) {
    if (this.#over.has(grant.session.id)) return;
    const mine = this.#grant;
    if (mine) {
      const isOther = grant.session.id !== mine.session.id;
      // As text, a whole second would come after its fractions.
      const [theirs, ours] = [grant, mine].map(({ session, accessToken }) =>
        Date.parse(isOther ? session.createdAt : accessToken.expiresAt));
      if (theirs < ours || (theirs === ours && grant.accessToken.token === mine.accessToken.token)) return;
    }
    const age = Math.max(0, Date.now() - grant.at);
    this.#adopt({ ...grant, at: { wall: grant.at, mono: performance.now() - age } });
  }
}

export const createMartlet = (options) => new Martlet(options);
