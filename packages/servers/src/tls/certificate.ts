import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { bits, bool, explicit, integer, list, octets, oid, set, text, time, whole } from './der.ts';

/** PEM, as servers and clients are configured with. */
export interface Identity {
  /** Clients that trust this one trust the certificate. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const ECDSA_WITH_SHA256 = list(oid('1.2.840.10045.4.3.2'));
const COMMON_NAME = oid('2.5.4.3');
const BASIC_CONSTRAINTS = oid('2.5.29.19');
const ALTERNATIVE_NAME = oid('2.5.29.17');
const DAY_MS = 86_400_000;

/** A certificate for loopback and the authority that vouches for it, both new and known to nobody else. */
export function loopbackIdentity(): Identity {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isAuthority = list(BASIC_CONSTRAINTS, bool(true), octets(list(bool(true))));
  // In an alternative name 7 is an address and 2 the name of a host.
  const names = list(whole(0x87, Buffer.from([127, 0, 0, 1])), whole(0x82, Buffer.from('localhost')));
  const issuer = 'Larder test authority';
  return {
    ca: issue({ subject: issuer, issuer, of: authority.publicKey, by: authority.privateKey }, isAuthority),
    certificate: issue(
      { subject: 'localhost', issuer, of: server.publicKey, by: authority.privateKey },
      list(ALTERNATIVE_NAME, octets(names)),
    ),
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

interface Claim {
  readonly subject: string;
  readonly issuer: string;
  readonly of: KeyObject;
  readonly by: KeyObject;
}

/** RFC 5280 §4.1: version 3. */
function issue({ subject, issuer, of, by }: Claim, extension: Buffer): string {
  const now = Date.now();
  const claim = list(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    nameOf(issuer),
    list(time(now - DAY_MS), time(now + 30 * DAY_MS)),
    nameOf(subject),
    of.export({ type: 'spki', format: 'der' }),
    explicit(3, list(extension)),
  );
  return pem(list(claim, ECDSA_WITH_SHA256, bits(sign('sha256', claim, by))));
}

const nameOf = (commonName: string): Buffer => list(set(list(COMMON_NAME, text(commonName))));

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
