import type { Request, Response } from 'express';

declare global {
  namespace Express {
    interface Locals {
      /** What the write has changed: only its handler knows, having seen the rows before and after. */
      touched?: readonly string[];
    }
  }
}

/**
 * For `larder.invalidates`, which asks once the handler has answered. One that failed before it could say may
 * have written all the same, and a connection can break behind a commit: then it is `otherwise` that falls.
 */
export const touchedOr =
  (...otherwise: readonly string[]) =>
  (_req: Request, res: Response): readonly string[] =>
    res.locals.touched ?? otherwise;
