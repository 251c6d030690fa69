/** A server somebody else can talk to, whoever runs it. */
export interface Server {
  readonly url: string;
  /** One phrase for people: `REDIS_URL`, `Docker (redis:7.4-alpine)`, `redis-server on PATH (7.0.15)`. */
  readonly how: string;
  /** Ends the server and removes what it kept on disk; does nothing for a server that was only found. */
  stop(): Promise<void>;
}

/** A Redis process of our own, for tests that stop, stall and restart it. */
export interface LocalRedis extends Server {
  readonly port: number;
  readonly pid: number;
  /** Resolves once the process is gone, or at once for a signal that leaves it alive. */
  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
}

export type Progress = (line: string) => void;

export const found = (url: string, how: string): Server => ({ url, how, stop: async () => {} });
