import type { Request, Response } from 'express';

declare global {
  namespace Express {
    interface Locals {
      /** What the write has changed: only its handler knows, having seen the rows before and after. */
      touched?: readonly string[];
    }
  }
}

/** For `larder.invalidates`, which asks once the handler has succeeded. */
export const touched = (_req: Request, res: Response): readonly string[] => res.locals.touched ?? [];
