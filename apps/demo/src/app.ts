import type { Larder } from '@larder/express';
import type { RunTransaction } from '@larder/postgres';
import express, { type Express } from 'express';
import type { Registry } from 'prom-client';
import { cacheRoutes } from './admin/cache-routes.ts';
import { CartRepository } from './cart/cart-repository.ts';
import { cartRoutes } from './cart/routes.ts';
import { cartSession } from './cart/session.ts';
import { CategoryRepository } from './categories/category-repository.ts';
import { categoryRoutes } from './categories/routes.ts';
import type { Database } from './db/database.ts';
import type { DiscountQueue } from './discounts/discount-queue.ts';
import { discountRoutes } from './discounts/routes.ts';
import { greetingRoutes } from './greeting/routes.ts';
import { requireUser } from './http/authenticate.ts';
import { noSuchRoute, writeProblem } from './http/errors.ts';
import { healthRoutes, type Ping } from './http/health.ts';
import { home } from './http/home.ts';
import { openLimits } from './http/limits.ts';
import type { ShopMetrics } from './http/metrics.ts';
import { integerId } from './http/validate.ts';
import { OrderRepository } from './orders/order-repository.ts';
import { orderRoutes } from './orders/routes.ts';
import { ExportRepository } from './products/export-repository.ts';
import { productExport } from './products/export-routes.ts';
import { ProductRepository } from './products/product-repository.ts';
import { productReads } from './products/read-routes.ts';
import { ReviewRepository } from './products/review-repository.ts';
import { productWrites } from './products/write-routes.ts';
import type { SharedRedis } from './redis.ts';
import { sessionRoutes } from './sessions/routes.ts';
import { SessionRepository } from './sessions/session-repository.ts';
import { UserRepository } from './users/user-repository.ts';
import { UsersController } from './users/users-controller.ts';

export interface AppOptions {
  readonly database: Database;
  readonly larder: Larder;
  /** One that tells the cache, too. */
  readonly transaction: RunTransaction;
  readonly metrics: ShopMetrics;
  readonly register: Registry;
  /** Absent: each process has its own carts and limits, in memory. */
  readonly redis: SharedRedis | undefined;
  /** Absent, as Redis is: there is no route that would need it. */
  readonly queue: DiscountQueue | undefined;
  readonly sessionSecret: string;
  readonly pingPostgres: Ping;
  readonly pingRedis: Ping | undefined;
}

export function createApp(options: AppOptions): Express {
  const { database, larder, transaction, metrics, register, redis, queue, sessionSecret } = options;
  const products = new ProductRepository(database);
  const reviews = new ReviewRepository(database);
  const categories = new CategoryRepository(database);
  const orders = new OrderRepository(database, transaction);
  const users = new UserRepository(database);
  const sessions = new SessionRepository(database);
  const authenticated = requireUser(sessions);
  const limits = openLimits(redis);

  const app = express();
  app.disable('x-powered-by');
  app.use(healthRoutes({ postgres: options.pingPostgres, redis: options.pingRedis, register }));
  app.use(metrics.measure);
  app.use(express.json({ limit: '100kb' }));
  app.get('/', home);
  app.use('/api/products', productReads({ products, reviews, categories, larder }));
  app.use('/api/products', productWrites({ products, reviews, larder, requireUser: authenticated }));
  app.use('/api/products.csv', limits.exports, productExport(new ExportRepository(database), larder));
  app.use('/api/categories', categoryRoutes(categories, larder));
  app.use('/api/greeting', greetingRoutes(larder));
  app.use('/api/cart', cartRoutes(new CartRepository(database), larder, cartSession(sessionSecret, redis)));
  app.use('/api/sessions', limits.logins, sessionRoutes(users, sessions, larder));
  app.use('/api/orders', orderRoutes(orders, larder, authenticated));
  if (queue) app.use('/api', discountRoutes({ categories, queue, larder, requireUser: authenticated }));
  app.use('/api/admin/cache', cacheRoutes(larder, authenticated));
  app.use('/api/users/me', authenticated);
  const usersRouter = larder.router(new UsersController(users, orders, larder));
  usersRouter.param('id', integerId);
  app.use(usersRouter);
  app.use(noSuchRoute);
  app.use(writeProblem);
  return app;
}
