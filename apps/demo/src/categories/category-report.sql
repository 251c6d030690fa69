-- Sales of each category over everything ever sold: several passes over all order items, and meant to be.
WITH sold AS (
  SELECT p.category_id, p.id AS product_id, p.name, o.id AS order_id, o.user_id,
         i.quantity, i.quantity * i.unit_price_cents AS revenue_cents
  FROM order_items i
  JOIN orders o ON o.id = i.order_id
  JOIN products p ON p.id = i.product_id
),
totals AS (
  SELECT category_id, sum(revenue_cents) AS revenue_cents, sum(quantity) AS units,
         count(DISTINCT order_id) AS orders, count(DISTINCT user_id) AS customers
  FROM sold
  GROUP BY category_id
),
repeats AS (
  SELECT category_id, count(*) AS customers
  FROM (
    SELECT category_id, user_id
    FROM sold
    GROUP BY category_id, user_id
    HAVING count(DISTINCT order_id) > 1
  ) came_back
  GROUP BY category_id
),
ranked AS (
  SELECT category_id, product_id, name, sum(revenue_cents) AS revenue_cents,
         row_number() OVER (PARTITION BY category_id ORDER BY sum(revenue_cents) DESC, product_id) AS place
  FROM sold
  GROUP BY category_id, product_id, name
),
top AS (
  SELECT category_id,
         json_agg(
           json_build_object('id', product_id, 'name', name, 'revenueCents', revenue_cents) ORDER BY place
         ) AS products
  FROM ranked
  WHERE place <= 3
  GROUP BY category_id
),
prices AS (
  SELECT category_id, count(*) AS products,
         percentile_disc(0.5) WITHIN GROUP (ORDER BY price_cents) AS median,
         percentile_disc(0.9) WITHIN GROUP (ORDER BY price_cents) AS p90
  FROM products
  GROUP BY category_id
),
ratings AS (
  SELECT p.category_id, avg(r.rating) AS average
  FROM reviews r
  JOIN products p ON p.id = r.product_id
  GROUP BY p.category_id
)
SELECT c.slug, c.name,
       coalesce(prices.products, 0)::int AS products,
       coalesce(totals.revenue_cents, 0)::float8 AS "revenueCents",
       coalesce(totals.units, 0)::int AS units,
       coalesce(totals.orders, 0)::int AS orders,
       coalesce(totals.customers, 0)::int AS customers,
       coalesce(repeats.customers, 0)::int AS "repeatCustomers",
       round(ratings.average, 2)::float8 AS "averageRating",
       prices.median AS "medianPriceCents",
       prices.p90 AS "p90PriceCents",
       coalesce(top.products, '[]') AS "topProducts"
FROM categories c
LEFT JOIN totals ON totals.category_id = c.id
LEFT JOIN repeats ON repeats.category_id = c.id
LEFT JOIN top ON top.category_id = c.id
LEFT JOIN prices ON prices.category_id = c.id
LEFT JOIN ratings ON ratings.category_id = c.id
ORDER BY "revenueCents" DESC, c.slug;
