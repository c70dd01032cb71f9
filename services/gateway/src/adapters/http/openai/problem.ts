/** What is wrong with an HTTP request, in the shape that OpenAI's clients expect. */
export interface ProblemDetails {
  readonly status: number;
  /** OpenAI's kind of error, for example "invalid_request_error". */
  readonly type: string;
  /** A stable word for programs, for example "invalid_api_key". */
  readonly code: string;
  /** The part of the body that is wrong: "messages[0].content". */
  readonly param: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error that becomes an OpenAI-shaped answer. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly details: ProblemDetails;

  constructor(message: string, details: ProblemDetails) {
    super(message);
    this.details = details;
  }
}

/** The error of a body that is not as it must be. @param param where, as a path */
export function invalid(param: string | null, description: string, code = "invalid_value"): HttpProblem {
  const message = param === null ? description : `'${param}' ${description}`;
  return new HttpProblem(message, { status: 400, type: "invalid_request_error", code, param });
}

/** The error of something that OpenAI's contract has and this server does not. */
export function unsupported(param: string, description: string): HttpProblem {
  return invalid(param, description, "unsupported_parameter");
}
