import type { RequestHandler } from 'express';

const ROUTES = {
  'GET /api/products': '?page, limit (≤ 100), category, q, sort=newest|price|-price|name|rating|popular',
  'GET /api/products.csv': 'all of them, for other programs',
  'GET /api/products/:id': 'with its ratings and what is bought with it',
  'GET /api/products/:id/reviews': '?page, limit (≤ 50)',
  'POST /api/products/:id/reviews': 'any user',
  'POST /api/products': 'staff',
  'PUT|PATCH|DELETE /api/products/:id': 'staff',
  'GET /api/categories': 'names and sizes',
  'GET /api/categories/report': 'sales of each category: the slow one',
  'GET /api/greeting, /api/greeting/varied': 'in English, German or French, by Accept-Language',
  'POST /api/categories/:slug/discount': 'staff; done by a job, where there is a Redis',
  'GET /api/jobs/:id': 'staff: what has become of it',
  'POST /api/admin/cache': 'staff: refresh a product or a URL, or forget it',
  'GET /api/cart': 'of this browser, by a cookie',
  'POST /api/cart/items': 'puts something into it',
  'POST /api/sessions': 'email and password for a Bearer token',
  'GET /api/users/:id': 'public profile',
  'GET|PUT /api/users/me': 'your account',
  'GET /api/users/me/dashboard': 'your orders at a glance',
  'POST /api/orders': 'buy something',
  'GET /healthz, /readyz, /metrics': 'for machines',
} as const;

export const home: RequestHandler = (_req, res) => {
  res.json({ name: 'A shop that keeps its responses in a larder', routes: ROUTES });
};
