import type { Problem } from './schema';

/** An answer of the API that is not a success, or no answer at all (`status` 0). */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  /** The whole problem (RFC 9457); null when the server did not send one. */
  readonly problem: Problem | null;
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter: number | null;

  constructor(status: number, code: string, message: string, problem: Problem | null, retryAfter: number | null = null) {
    super(message);
    this.name = 'ProblemError';
    this.status = status;
    this.code = code;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  /** What is wrong with each field of the request, by the field's name. */
  get fields(): Record<string, string> {
    const errors = this.problem?.errors;
    if (!errors) return {};
    return Object.fromEntries(Object.entries(errors).map(([field, messages]) => [field, messages.join(' ')]));
  }

  /** Whether the same request may succeed later. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  static async from(response: Response): Promise<ProblemError> {
    const retry = Number(response.headers.get('Retry-After'));
    const after = Number.isFinite(retry) && retry > 0 ? retry : null;
    try {
      const problem = (await response.clone().json()) as Problem;
      return new ProblemError(response.status, problem.code ?? `HTTP_${response.status}`, problem.detail ?? problem.title ?? `HTTP ${response.status}`, problem, after);
    } catch {
      return new ProblemError(response.status, `HTTP_${response.status}`, response.statusText || `HTTP ${response.status}`, null, after);
    }
  }

  static unreachable(cause: unknown): ProblemError {
    const error = new ProblemError(0, 'UNREACHABLE', 'The server cannot be reached.', null);
    error.cause = cause;
    return error;
  }
}

export const asProblem = (error: unknown): ProblemError =>
  error instanceof ProblemError ? error : new ProblemError(0, 'UNEXPECTED', error instanceof Error ? error.message : String(error), null);
