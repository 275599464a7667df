// Errors in the shape that OpenAI's clients know:
// https://platform.openai.com/docs/guides/error-codes

export interface ErrorFacts {
  status: number;
  /** Stable, for programs. */
  code: string;
  /** What the caller can do. */
  message: string;
  /** The wrong field of the request. */
  parameter?: string;
  headers?: Record<string, string>;
}

/** A refused request, or an answer that could not be finished. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly facts: ErrorFacts;

  constructor(facts: ErrorFacts) {
    super(facts.message);
    this.facts = facts;
  }
}

/** A field of the request with an invalid value. */
export function invalid(parameter: string, message: string, code = "invalid_value"): ApiError {
  return new ApiError({ status: 400, code, message, parameter });
}

export function errorBody(facts: ErrorFacts): object {
  const { status, code, message, parameter } = facts;
  return { error: { message, type: errorType(status), param: parameter ?? null, code } };
}

function errorType(status: number): string {
  if (status === 429) return "requests";
  return status >= 500 ? "server_error" : "invalid_request_error";
}
