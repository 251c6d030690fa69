import { createHash, randomBytes } from 'node:crypto';
import type { Database } from '../db/database.ts';
import type { Account } from '../users/user-repository.ts';

export interface Session {
  readonly token: string;
  readonly expiresAt: Date;
}

const TTL_SECONDS = 7 * 86_400;

/** The table holds digests only: who reads it cannot log in with what is there. */
export class SessionRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async open(userId: number): Promise<Session> {
    const token = randomBytes(32).toString('base64url');
    const [row] = await this.#database.query<{ expiresAt: Date }>(
      `WITH swept AS (DELETE FROM sessions WHERE expires_at < now())
       INSERT INTO sessions (token_sha256, user_id, expires_at)
       VALUES ($1, $2, now() + make_interval(secs => $3))
       RETURNING expires_at AS "expiresAt"`,
      [digest(token), userId, TTL_SECONDS],
    );
    return { token, expiresAt: row!.expiresAt };
  }

  async userOf(token: string): Promise<Account | undefined> {
    const [row] = await this.#database.query<Account>(
      `SELECT u.id, u.name, u.email, u.bio, u.role
       FROM sessions s JOIN users u ON u.id = s.user_id
       WHERE s.token_sha256 = $1 AND s.expires_at > now()`,
      [digest(token)],
    );
    return row;
  }
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();
