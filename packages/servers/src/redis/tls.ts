import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../files/temporary.ts';
import { onFreePort } from '../process/port.ts';
import type { LocalRedis } from '../server.ts';
import { loopbackIdentity } from '../tls/certificate.ts';
import { type LocalRedisOptions, spawnRedis } from './spawn.ts';

export interface SecureRedis extends LocalRedis {
  /** The same server over TLS. What is above is without. */
  readonly secure: {
    readonly url: string;
    readonly port: number;
    /** Whom to trust: nobody else vouches for its certificate. */
    readonly ca: string;
  };
}

/** A private Redis that can be talked to over TLS as well, with a certificate of its own. */
export async function spawnSecureRedis(options: LocalRedisOptions = {}): Promise<SecureRedis> {
  const folder = await temporaryFolder('tls');
  try {
    const { ca, certificate, key } = loopbackIdentity();
    const file = (name: string) => join(folder.path, name);
    await writeFile(file('ca.pem'), ca);
    await writeFile(file('certificate.pem'), certificate);
    await writeFile(file('key.pem'), key, { mode: 0o600 });
    const trust = ['--tls-ca-cert-file', file('ca.pem'), '--tls-auth-clients', 'no'];
    const identity = ['--tls-cert-file', file('certificate.pem'), '--tls-key-file', file('key.pem')];
    return await onFreePort({}, async (port) => {
      const args = ['--tls-port', String(port), ...identity, ...trust, ...(options.args ?? [])];
      const redis = await spawnRedis({ ...options, args });
      const stop = async () => {
        await redis.stop();
        await folder.remove();
      };
      return { ...redis, secure: { url: `rediss://127.0.0.1:${port}`, port, ca }, stop };
    });
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
