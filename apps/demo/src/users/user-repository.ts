import type { Database } from '../db/database.ts';

export interface Account {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly bio: string;
  readonly role: 'customer' | 'staff';
}

export interface Profile {
  readonly id: number;
  readonly name: string;
  readonly bio: string;
  readonly memberSince: Date;
  readonly reviewCount: number;
}

export interface ProfileReview {
  readonly productId: number;
  readonly productName: string;
  readonly rating: number;
  readonly body: string;
  readonly createdAt: Date;
}

export class UserRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async profile(id: number): Promise<Profile | undefined> {
    const [row] = await this.#database.query<Profile>(
      `SELECT u.id, u.name, u.bio, u.created_at AS "memberSince",
              (SELECT count(*)::int FROM reviews r WHERE r.user_id = u.id) AS "reviewCount"
       FROM users u WHERE u.id = $1`,
      [id],
    );
    return row;
  }

  recentReviews(id: number): Promise<ProfileReview[]> {
    return this.#database.query(
      `SELECT r.product_id AS "productId", p.name AS "productName", r.rating, r.body, r.created_at AS "createdAt"
       FROM reviews r JOIN products p ON p.id = r.product_id
       WHERE r.user_id = $1 ORDER BY r.created_at DESC, r.id DESC LIMIT 5`,
      [id],
    );
  }

  async credentials(email: string): Promise<{ id: number; passwordHash: string } | undefined> {
    const [row] = await this.#database.query<{ id: number; passwordHash: string }>(
      'SELECT id, password_hash AS "passwordHash" FROM users WHERE email = $1',
      [email.toLowerCase()],
    );
    return row;
  }

  async update(id: number, changes: { name?: string; bio?: string }): Promise<Account | undefined> {
    const [row] = await this.#database.query<Account>(
      `UPDATE users SET name = coalesce($2, name), bio = coalesce($3, bio)
       WHERE id = $1 RETURNING id, name, email, bio, role`,
      [id, changes.name ?? null, changes.bio ?? null],
    );
    return row;
  }
}
