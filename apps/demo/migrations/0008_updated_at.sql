-- The version of the CSV rests on it, so it cannot be left to who writes. Not the stock: the CSV does not show it.
CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END;
$$;

CREATE TRIGGER updated_at BEFORE UPDATE OF sku, name, description, price_cents, category_id ON products
FOR EACH ROW EXECUTE FUNCTION set_updated_at();
