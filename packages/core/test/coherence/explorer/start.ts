import {
  type Epochs,
  type Fault,
  NO_EPOCHS,
  type Process,
  type Redis,
  type Scenario,
  type State,
  type Writer,
} from './state.ts';

const BORN: Epochs = { ...NO_EPOCHS, T: 'e1/', N: 'e2/' };
const NEVER: Record<Fault, number> = { pending: 0, resend: 0, loss: 0, trim: 0, save: 0, restart: 0 };

const EMPTY: Redis = { entry: null, epochs: NO_EPOCHS, log: null, wire: [], minted: 4, saved: null };

const IDLE: Writer = {
  stage: 'idle',
  steps: 0,
  floor: 0,
  resolved: false,
  known: false,
  owed: 0,
  barrier: 0,
};

const LOG = [{ id: 'e3', tags: '', soft: false, by: -1 }] as const;

/** Nothing has happened, but for what was cached before. */
export function start(scenario: Scenario): State {
  const { processes, writers, faults, warm, late, delta, following } = scenario;
  const isFollowing = (at: number) => warm !== undefined && following?.includes(at) === true;
  const response = { version: 0, epochs: late ? { ...BORN, L: 'e4/' } : BORN };
  const copy = { ...response, until: delta, stale: false, read: true };
  const cached: Redis = { ...EMPTY, entry: response, epochs: response.epochs, log: LOG };
  const fresh = (at: number): Process => ({
    link: 'up',
    position: isFollowing(at) ? 'e3' : '',
    lease: 0,
    look: null,
    copy: warm?.includes(at) ? { ...copy, current: isFollowing(at) } : null,
    flights: [],
  });
  return {
    row: 0,
    redis: warm === undefined ? EMPTY : cached,
    processes: Array.from({ length: processes }, (_, at) => fresh(at)),
    writers: writers.map(() => IDLE),
    left: { ...NEVER, ...faults },
  };
}
