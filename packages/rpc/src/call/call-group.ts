import type { Span } from "@agentmesh/telemetry";
import { cancelError } from "../errors/abort-error.ts";
import type { CallScope, PrincipalCredential } from "../scope.ts";
import type { CallOwner, OwnedCall } from "./call-owner.ts";

/**
 * Calls made on behalf of something that is no call itself, such as an HTTP request. It costs less than an
 * AbortController: a signal exists only when somebody asks for it.
 */
export class CallGroup implements CallOwner {
  readonly deadline = undefined;
  readonly #calls = new Set<OwnedCall>();
  #controller: AbortController | undefined;
  #reason: unknown;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Cancels every call that is under way, and later ones at once. */
  cancel(): void {
    if (this.#reason !== undefined) return;
    this.#reason = cancelError();
    this.#controller?.abort(this.#reason);
    for (const call of this.#calls) call.abort(this.#reason);
  }

  adopt(call: OwnedCall): void {
    if (this.#reason === undefined) this.#calls.add(call);
    else call.abort(this.#reason);
  }

  forget(call: OwnedCall): void {
    this.#calls.delete(call);
  }

  /** The scope of calls made within the group. */
  scope(credential: PrincipalCredential | undefined): CallScope {
    return new GroupScope(this, credential);
  }
}

/** The scope of a group. */
export class GroupScope implements CallScope {
  readonly group: CallGroup;
  readonly deadline: number | undefined = undefined;
  readonly credential: PrincipalCredential | undefined;
  readonly span: Span | undefined = undefined;

  constructor(group: CallGroup, credential: PrincipalCredential | undefined) {
    this.group = group;
    this.credential = credential;
  }

  get signal(): AbortSignal {
    return this.group.signal;
  }
}
