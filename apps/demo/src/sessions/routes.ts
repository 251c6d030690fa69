import { type Larder, presets } from '@larder/express';
import { Router } from 'express';
import { unauthorized } from '../http/problem.ts';
import { parseBody } from '../http/validate.ts';
import type { UserRepository } from '../users/user-repository.ts';
import { hashPassword, passwordMatches } from './passwords.ts';
import { credentials } from './schemas.ts';
import type { SessionRepository } from './session-repository.ts';

export function sessionRoutes(users: UserRepository, sessions: SessionRepository, larder: Larder): Router {
  const router = Router();
  // Compared with when there is no such user, so that the time taken does not tell who has an account.
  const nobody = hashPassword('nobody has this password');

  router.post('/', larder.cacheControl(presets.noStore), async (req, res) => {
    const { email, password } = parseBody(credentials, req.body);
    const user = await users.credentials(email);
    const matches = await passwordMatches(password, user?.passwordHash ?? (await nobody));
    if (user === undefined || !matches) throw unauthorized('The email or the password is wrong.');
    const { token, expiresAt } = await sessions.open(user.id);
    res.status(201).json({ token, expiresAt, userId: user.id });
  });

  return router;
}
