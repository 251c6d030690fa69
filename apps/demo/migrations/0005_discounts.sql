-- Which have been given: the queue runs a job at least once, and so perhaps twice.
CREATE TABLE discounts (
  id          uuid PRIMARY KEY,
  category_id integer NOT NULL REFERENCES categories,
  percent     smallint NOT NULL,
  given_at    timestamptz NOT NULL DEFAULT now()
);
