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
    Object.assign(res, original);
    for (const call of held) call();
    if (!res.writableNeedDrain && !res.writableEnded) res.emit('drain');
  };
  const hold = (method: Method, args: unknown[]): void => {
    held.push(() => (res[method] as (...args: unknown[]) => unknown).apply(res, args));
    if (phase !== 'waiting') return;
    phase = 'holding';
    const status = method === 'writeHead' ? (args[0] as number) : res.statusCode;
    action(status).then(release, release);
  };
  const holding =
    <R>(method: Method, answer: R) =>
    (...args: unknown[]): R => {
      hold(method, args);
      return answer;
    };

  res.writeHead = holding('writeHead', res) as Response['writeHead'];
  res.write = holding('write', false) as Response['write'];
  res.end = holding('end', res) as Response['end'];
  res.flushHeaders = holding('flushHeaders', undefined);
  res.once('close', () => {
    if (phase === 'waiting') action(undefined).catch(() => {});
  });
}
