/** A call as its owner knows it. */
export interface OwnedCall {
  /** Ends it early. */
  abort(reason: unknown): void;
}

/** What calls of this process can belong to: another call, or something else that ends. */
export interface CallOwner {
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch; undefined: it has no end of its own. */
  readonly deadline: number | undefined;
  /** Ends `call` when the owner ends. */
  adopt(call: OwnedCall): void;
  /** The call has ended. */
  forget(call: OwnedCall): void;
}
