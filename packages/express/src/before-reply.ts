import type { Response } from 'express';

type Method = 'writeHead' | 'write' | 'end' | 'flushHeaders';

/**
 * Holds a response from its first byte until `action` is done. `status` is what the handler answers, or
 * undefined when the connection broke before it did; should it answer after that, `action` runs again.
 */
export function beforeReply(res: Response, action: (status: number | undefined) => Promise<void>): void {
  const original = {
    writeHead: res.writeHead,
    write: res.write,
    end: res.end,
    flushHeaders: res.flushHeaders,
  };
  const held: (() => void)[] = [];
  let phase: 'waiting' | 'holding' | 'open' = 'waiting';

  const release = (): void => {
    phase = 'open';
    for (const call of held.splice(0)) call();
    if (!res.writableNeedDrain && !res.writableEnded) res.emit('drain');
  };
  /** Whoever wrapped the response after us keeps calling this, so that it must let through once it is open. */
  const gate =
    <R>(method: Method, meanwhile: R) =>
    (...args: unknown[]): R => {
      const call = () => (original[method] as (...args: unknown[]) => R).apply(res, args);
      if (phase === 'open') return call();
      held.push(call);
      if (phase === 'waiting') {
        phase = 'holding';
        const status = method === 'writeHead' ? (args[0] as number) : res.statusCode;
        action(status).then(release, release);
      }
      return meanwhile;
    };

  res.writeHead = gate('writeHead', res) as Response['writeHead'];
  res.write = gate('write', false) as Response['write'];
  res.end = gate('end', res) as Response['end'];
  res.flushHeaders = gate('flushHeaders', undefined);
  res.once('close', () => {
    if (phase === 'waiting') action(undefined).catch(() => {});
  });
}
