/** Where and as which client a page signs in. */
export interface MartletOptions {
  /** The authority's URL. By default, where this module came from. */
  server?: string;
  /** The public client that the page belongs to: `first-party` by default. */
  client?: string;
  /** Further origins that `fetch` sends the access token to, beside the page's own and the authority's. */
  origins?: string[];
}

export interface Session {
  id: string;
  createdAt: string;
  /** When it ends however often it is renewed. */
  expiresAt: string;
  user: { id: string; username: string; roles: string[] };
}

export interface SignedOut {
  /** Why: `signed_out`, `expired_idle`, `replay_detected` and so on; undefined where the server could not say. */
  reason?: string;
  /** The reason in words. */
  message: string;
}

export interface MartletEventMap {
  "signed-in": CustomEvent<Session>;
  renewed: CustomEvent<Session>;
  "signed-out": CustomEvent<SignedOut>;
}

export interface Martlet extends EventTarget {
  /** Fulfilled once it is known whether somebody is signed in. It waits while the server cannot be reached. */
  readonly ready: Promise<Session | null>;
  /** Who is signed in; null for nobody. */
  readonly session: Session | null;
  /** @throws MartletError with the server's `code`, such as `invalid_credentials`. */
  signIn(credentials: { username: string; password: string; device?: string }): Promise<Session>;
  /** Signs out, in all tabs. @throws MartletError where the server cannot be reached; then nobody is signed out. */
  signOut(): Promise<void>;
  /**
   * `fetch` with the access token. Redirects are not followed, wherever they lead, since the token could go with them;
   * with `redirect: "manual"` they are answered as by the browser's own `fetch`. Nothing is sent as another user who has
   * signed in, here or in another tab, since the call began: `signed_out`, or the 401 that there was.
   * @throws MartletError `signed_out`, `unreachable`, `origin_refused` or `redirect_refused`, or what was wrong with a
   * renewal that the call needed.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  addEventListener<Name extends keyof MartletEventMap>(
    type: Name,
    listener: (event: MartletEventMap[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

export class MartletError extends Error {
  /**
   * The problem's code, or `unreachable`, `signed_out`, `origin_refused`, `redirect_refused`, `malformed_answer`,
   * `unexpected_answer`.
   */
  readonly code: string;
  readonly status?: number;
  readonly next?: "retry" | "refresh" | "reload" | "sign_in" | "step_up" | "none";
  readonly reason?: string;
  /** In milliseconds. */
  readonly retryAfter?: number;
}

/** Makes the one client of a page. */
export function createMartlet(options?: MartletOptions): Martlet;
