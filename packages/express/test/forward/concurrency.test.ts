import type { Request } from 'express';
import { describe, expect, it } from 'vitest';
import { type Loose, ofClient, stage } from './kit.ts';
import { VERSIONS } from './versions.ts';

const later = () => new Promise(setImmediate);

/** Express 4 keeps what a layer matched on the layer, and every request has the same. */
describe.each(VERSIONS)('$name keeps requests apart', (version) => {
  it.each(['ahead', 'after'] as const)(
    'that run at once, the forwarded %s of their clients',
    async (start) => {
      const { ask, forwarded, outcomes } = stage(
        version,
        ({ express, app, own }) => {
          const [outer, inner] = [
            express.Router({ mergeParams: true }),
            express.Router({ mergeParams: true }),
          ];
          inner.param('item', async (req, _res, next, item) => {
            await later();
            (req as Loose).found = `item ${item}`;
            next();
          });
          inner.use('/:item', async (_req, _res, next) => {
            await later();
            next();
          });
          inner.use(own, async (_req, _res, next) => {
            await later();
            next();
          });
          inner.get('/:item', async (req, res, next) => {
            await later();
            (req as unknown as Loose).first = { ...req.params };
            if (req.query.late === undefined) res.json(seen(req));
            else next();
          });
          outer.use('/:shelf', inner);
          app.use('/:shop', outer);
          app.get('/:a/:b/:c', async (req, res) => {
            await later();
            res.json(seen(req));
          });
        },
        { start },
      );
      const seen = (req: Request) => {
        const { params, url, baseUrl, found, first } = req as Loose;
        return { params, url, baseUrl, found, first };
      };
      const paths = Array.from({ length: 40 }, (_, i) => `/s${i}/f${i}/i${i}${i % 2 === 0 ? '' : '?late'}`);
      const answers = await Promise.all(paths.map((path) => ask(path)));
      expect(forwarded).toHaveLength(paths.length);
      const unseen = await Promise.all(outcomes);
      for (const [i, answer] of answers.entries()) {
        const { body } = ofClient(answer);
        const [shop, shelf, item] = [`s${i}`, `f${i}`, `i${i}`];
        expect(JSON.parse(body)).toMatchObject({ found: `item ${item}`, first: { shop, shelf, item } });
        expect(JSON.parse(body).params).toEqual(
          i % 2 === 0 ? { shop, shelf, item } : { a: shop, b: shelf, c: item },
        );
      }
      for (const [i, one] of forwarded.entries()) {
        const answer = answers[paths.indexOf(one!.req.originalUrl)]!;
        expect(unseen[i]!.body).toBe(answer.body.toString());
      }
    },
  );

  it('that go through one layer between the match and the handler of another', async () => {
    const { ask, unseen } = stage(
      version,
      ({ app, own }) => {
        app.param('id', (_req, _res, next) => void setImmediate(next));
        app.use('/:id', own);
        app.get('/:id', async (req, res) => {
          const { id } = req.params;
          await later();
          res.send(`${id} ${req.params.id}`);
        });
      },
      { start: 'ahead' },
    );
    for (const id of ['a', 'b', 'c']) {
      const [first, second] = await Promise.all([ask(`/${id}`), ask(`/${id}2`)]);
      expect([first, second].map(({ body }) => body.toString())).toEqual([`${id} ${id}`, `${id}2 ${id}2`]);
      expect((await unseen()).status).toBe(200);
    }
  });
});
