import { STATUS_CODES } from 'node:http';

export interface FieldError {
  /** JSON Pointer (RFC 6901) into the body, or the name of a parameter. */
  readonly at: string;
  readonly detail: string;
}

/** What an RFC 9457 response says; thrown anywhere, written by the error handler. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly errors: readonly FieldError[] | undefined;

  constructor(status: number, detail: string, errors?: readonly FieldError[]) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }

  toJSON() {
    return {
      type: 'about:blank',
      title: STATUS_CODES[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      ...(this.errors && { errors: this.errors }),
    };
  }
}

export const notFound = (what: string): Problem => new Problem(404, `There is no such ${what}.`);
export const conflict = (detail: string): Problem => new Problem(409, detail);
export const unauthorized = (detail: string): Problem => new Problem(401, detail);
export const forbidden = (detail: string): Problem => new Problem(403, detail);
export const unavailable = (detail: string): Problem => new Problem(503, detail);
