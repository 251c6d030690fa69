import type { Connection } from './connection.ts';
import type { Direction, Fault, Faults } from './faults.ts';

/** Asked whenever something comes: a connection may do later what it is picked for. */
export type Where = (connection: Connection) => boolean;

interface Rule {
  readonly faults: Faults;
  readonly where: Where;
}

/** What is wrong now, and where. Of what is imposed on the same connection the latest word counts. */
export class Rules {
  readonly #rules = new Set<Rule>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Returns the call that lifts it again. */
  impose(faults: Faults, where: Where): () => void {
    const rule = { faults, where };
    this.#rules.add(rule);
    this.#changed();
    return () => {
      if (this.#rules.delete(rule)) this.#changed();
    };
  }

  of(connection: Connection, direction: Direction): Fault {
    const befalling = [...this.#rules].filter(({ where }) => where(connection));
    return Object.assign({}, ...befalling.map(({ faults }) => faults[direction]));
  }
}
