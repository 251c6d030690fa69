import {
  CacheControl,
  CacheResponse,
  Controller,
  Get,
  Invalidates,
  type Larder,
  Put,
  presets,
} from '@larder/express';
import type { Request, Response } from 'express';
import { policies } from '../cache.ts';
import { currentUser } from '../http/authenticate.ts';
import { notFound } from '../http/problem.ts';
import { parseBody } from '../http/validate.ts';
import type { OrderRepository } from '../orders/order-repository.ts';
import { tag } from '../tags.ts';
import { accountChanges } from './schemas.ts';
import type { UserRepository } from './user-repository.ts';

const userId = (req: Request): string | undefined => req.user && String(req.user.id);

/** `/me` and what is below it stand behind `requireUser`; they come first, or `/:id` would take "me" for an id. */
@Controller('/api/users')
export class UsersController {
  readonly #users: UserRepository;
  readonly #orders: OrderRepository;
  readonly #larder: Larder;

  constructor(users: UserRepository, orders: OrderRepository, larder: Larder) {
    this.#users = users;
    this.#orders = orders;
    this.#larder = larder;
  }

  @Get('/me')
  @CacheControl(presets.private)
  async account(req: Request, res: Response): Promise<void> {
    res.json(currentUser(req));
  }

  @Get('/me/dashboard')
  @CacheControl(presets.private)
  @CacheResponse({
    ...policies.dashboard,
    partition: userId,
    credentials: 'partitioned',
    tags: (req) => [tag.user(userId(req)!), tag.orders(userId(req)!)],
  })
  async dashboard(req: Request, res: Response): Promise<void> {
    const { id, name } = currentUser(req);
    const [spending, recentOrders, bestsellers] = await Promise.all([
      this.#orders.spending(id),
      this.#orders.recent(id, 5),
      // The same for everybody, inside a response that is not.
      this.#larder.withCache('bestsellers', 60, () => this.#orders.bestsellers(5)),
    ]);
    res.json({ user: { id, name }, spending, recentOrders, bestsellers });
  }

  @Put('/me')
  @Invalidates((req: Request) => [tag.user(userId(req)!)])
  async update(req: Request, res: Response): Promise<void> {
    const changes = parseBody(accountChanges, req.body);
    const account = await this.#users.update(currentUser(req).id, changes);
    if (account === undefined) throw notFound('user');
    res.json(account);
  }

  @Get('/:id')
  @CacheControl(presets.api)
  @CacheResponse({ ...policies.profile, tags: (req) => [tag.user(String(req.params.id))] })
  async profile(req: Request, res: Response): Promise<void> {
    const id = Number(req.params.id);
    const [profile, reviews] = await Promise.all([this.#users.profile(id), this.#users.recentReviews(id)]);
    if (profile === undefined) throw notFound('user');
    res.cache?.tag(...reviews.map((review) => tag.listed(review.productId)));
    res.json({ ...profile, reviews });
  }
}
