import type { DomainError, ErrorOccurrence } from "@agentmesh/rpc/domain-error";

/** One field of a request and what is wrong with it. */
export interface FieldProblem {
  readonly field: string;
  readonly description: string;
}

// A hostile request must not be answered with a larger error.
const MOST_REPORTED = 20;

/** Collects what is wrong with a request, so that its sender hears of everything at once. */
export class FieldProblems {
  private readonly found: FieldProblem[] = [];

  add(field: string, description: string): void {
    if (this.found.length < MOST_REPORTED) this.found.push({ field, description });
  }

  /** Adds a problem unless `fine`. */
  check(fine: boolean, field: string, description: string): void {
    if (!fine) this.add(field, description);
  }

  /** @throws the error when something was found; its message names the first field */
  throwIfAny(make: (occurrence: ErrorOccurrence) => DomainError): void {
    const [first] = this.found;
    if (first === undefined) return;
    const more = this.found.length > 1 ? ` (and ${this.found.length - 1} more)` : "";
    throw make({ message: `${first.field} ${first.description}${more}`, fields: this.found });
  }
}
