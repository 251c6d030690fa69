import { type CacheControlDirectives, type Invalidation, invalidOptions, type Policy } from '@larder/core';
import { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import type { Doors } from './doors.ts';
import type { TagsOf } from './invalidates.ts';

type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What the decorators of one method have said, in reading order. */
interface MethodPlan {
  routes: { readonly verb: Verb; readonly path: string }[];
  steps: ((doors: Doors) => RequestHandler)[];
}

type Plans = Map<string | symbol, MethodPlan>;

/** By prototype in legacy syntax, by instance in TC39 syntax: neither knows the class when it runs. */
const plansOf = new WeakMap<object, Plans>();
const prefixOf = new WeakMap<object, string>();

/** Works on methods in TC39 and in legacy (`experimentalDecorators`) syntax. */
export interface MethodDecoration {
  // biome-ignore lint/suspicious/noExplicitAny: a decorator accepts every method.
  (method: any, context: ClassMethodDecoratorContext): void;
  (target: object, name: string | symbol, descriptor: PropertyDescriptor): void;
}

/** Works on classes in both syntaxes. */
// biome-ignore lint/suspicious/noExplicitAny: a decorator accepts every class.
export type ClassDecoration = (target: any, context?: ClassDecoratorContext) => void;

/** Mounts the class's routes under a path. */
export function Controller(prefix = ''): ClassDecoration {
  return (target) => {
    prefixOf.set(target, prefix);
  };
}

const route =
  (verb: Verb) =>
  (path = ''): MethodDecoration =>
    decoration((plan) => void plan.routes.unshift({ verb, path }));

export const Get = route('get');
export const Post = route('post');
export const Put = route('put');
export const Patch = route('patch');
export const Delete = route('delete');

/** `cacheResponse` for a method. */
export const CacheResponse = (policy?: number | Policy<Request>): MethodDecoration =>
  step((doors) => doors.cacheResponse(policy));

/** `cacheControl` for a method. */
export const CacheControl = (directives: CacheControlDirectives): MethodDecoration =>
  step((doors) => doors.cacheControl(directives));

/** `invalidates` for a method. */
export const Invalidates = (tags: TagsOf, how?: Invalidation): MethodDecoration =>
  step((doors) => doors.invalidates(tags, how));

/** Any middleware for a method, in its place among the others. */
export const Use = (middleware: RequestHandler): MethodDecoration => step(() => middleware);

/** Decorators run from the method upwards, and are read downwards. */
const step = (make: (doors: Doors) => RequestHandler): MethodDecoration =>
  decoration((plan) => void plan.steps.unshift(make));

function decoration(say: (plan: MethodPlan) => void): MethodDecoration {
  return (target: object, context: ClassMethodDecoratorContext | string | symbol) => {
    if (typeof context !== 'object') return say(planOf(target, context));
    const { name } = context;
    context.addInitializer(function register(this: unknown) {
      say(planOf(this as object, name));
    });
  };
}

function planOf(owner: object, name: string | symbol): MethodPlan {
  const plans: Plans = plansOf.get(owner) ?? new Map();
  plansOf.set(owner, plans);
  const plan = plans.get(name) ?? { routes: [], steps: [] };
  plans.set(name, plan);
  return plan;
}

type Handler = (req: Request, res: Response, next: NextFunction) => unknown;

/**
 * A router for an instance of a decorated class. Policies are checked here.
 * @throws LarderError `LARDER_INVALID_OPTIONS` for an object whose class has no routes
 */
export function controllerRouter(doors: Doors, controller: object): Router {
  const router = Router();
  const plans = allPlans(controller);
  for (const [name, { routes, steps }] of plans) {
    const handler = (controller as Record<string | symbol, Handler>)[name]!;
    const middleware = steps.map((make) => make(doors));
    for (const { verb, path } of routes) {
      router[verb](`${prefixFor(controller)}${path}` || '/', ...middleware, handled(controller, handler));
    }
  }
  if (plans.every(([, { routes }]) => routes.length === 0)) {
    throw invalidOptions(
      'router',
      controller,
      'give an instance of a class with @Get(…) and the like on its methods',
    );
  }
  return router;
}

function allPlans(controller: object): [string | symbol, MethodPlan][] {
  const found = new Map<string | symbol, MethodPlan>();
  for (let owner = controller; owner !== null; owner = Object.getPrototypeOf(owner)) {
    for (const [name, plan] of plansOf.get(owner) ?? []) if (!found.has(name)) found.set(name, plan);
  }
  return [...found];
}

function prefixFor(controller: object): string {
  for (
    let owner: unknown = controller.constructor;
    typeof owner === 'function';
    owner = Object.getPrototypeOf(owner)
  ) {
    const prefix = prefixOf.get(owner);
    if (prefix !== undefined) return prefix;
  }
  return '';
}

/** Express 4 does not look at what a handler returns; a rejection must reach the error handler all the same. */
const handled =
  (controller: object, handler: Handler): RequestHandler =>
  async (req, res, next) => {
    try {
      await handler.call(controller, req, res, next);
    } catch (error) {
      next(error);
    }
  };
