import type { Span } from "@agentmesh/telemetry";
import { type ContextKey, type ContextValues, createContextKey, type HandlerContext } from "@connectrpc/connect";
import type { PrincipalCredential } from "../scope.ts";
import type { CallOwner } from "./call-owner.ts";

/** Who the call acts for. In process it reaches the server as it is, on the wire as a token. */
export const principalKey: ContextKey<PrincipalCredential | undefined> = createContextKey<
  PrincipalCredential | undefined
>(undefined, {
  description: "agentmesh principal",
});

/** The span of the call: the caller's on the way out, the server's own for the handler. */
export const spanKey: ContextKey<Span | undefined> = createContextKey<Span | undefined>(undefined, {
  description: "agentmesh span",
});

/** When the call must be over, in milliseconds since the epoch. */
export const deadlineKey: ContextKey<number | undefined> = createContextKey<number | undefined>(undefined, {
  description: "agentmesh deadline",
});

/**
 * Context values of one call. The three values that every call carries are plain fields, all others live in a map
 * that exists only when it is used. Values not set here are looked up in `parent`, so a transport can add its own
 * without writing into the object that a caller may use for many calls.
 */
export class CallValues implements ContextValues {
  /** The call on the server that these values belong to; finds it again from a copied request. */
  call: HandlerContext | undefined;
  /** The call of this process during which these values go out; undefined when its signal was replaced. */
  caller: CallOwner | undefined;
  /** The signal with which a call goes out, where it has one. */
  signal: AbortSignal | undefined;
  readonly #parent: ContextValues | undefined;
  #credential: PrincipalCredential | undefined;
  #span: Span | undefined;
  #deadline: number | undefined;
  #others: Map<symbol, unknown> | undefined;

  constructor(parent?: ContextValues, credential?: PrincipalCredential, span?: Span) {
    this.#parent = parent;
    this.caller = parent instanceof CallValues ? parent.caller : undefined;
    this.#credential = credential;
    this.#span = span;
  }

  get<T>(key: ContextKey<T>): T {
    const own = this.#own(key.id);
    if (own !== undefined) return own as T;
    return this.#parent === undefined ? key.defaultValue : this.#parent.get(key);
  }

  set<T>(key: ContextKey<T>, value: T): this {
    if (key.id === principalKey.id) this.#credential = value as PrincipalCredential | undefined;
    else if (key.id === spanKey.id) this.#span = value as Span | undefined;
    else if (key.id === deadlineKey.id) this.#deadline = value as number | undefined;
    else {
      this.#others ??= new Map();
      this.#others.set(key.id, value);
    }
    return this;
  }

  delete(key: ContextKey<unknown>): this {
    if (this.#others?.delete(key.id) !== true) this.set(key, undefined);
    return this;
  }

  #own(id: symbol): unknown {
    if (id === principalKey.id) return this.#credential;
    if (id === spanKey.id) return this.#span;
    if (id === deadlineKey.id) return this.#deadline;
    return this.#others?.get(id);
  }
}
