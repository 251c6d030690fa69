import { DEMO_PASSWORD, STAFF_EMAIL, shopperEmail } from '../seed/people.ts';
import type { Running } from './start.ts';

/** What runs, and commands that show what it does; each can be pasted into a plain sh. */
export function banner({ url, postgres, redis, shared, productId }: Running): string {
  const product = `${url}/api/products/${productId}`;
  const csv = `${url}/api/products.csv`;
  const greeting = `${url}/api/greeting`;
  return `
The shop is open: ${url}
  Postgres  ${postgres}
  Redis     ${redis ?? 'none: memory tier only'}
  Metrics   ${url}/metrics
  Accounts  ${STAFF_EMAIL} (staff), ${shopperEmail(2)} … ${shopperEmail(2_000)}; password ${DEMO_PASSWORD}

Worth trying:

1. Twice: MISS, then HIT with an Age
   curl -si ${product} | grep -iE '^(http|x-cache|cache-status|age|etag)'

2. A client that has it already: 304
   curl -si ${product} -H "If-None-Match: $(curl -sI ${product} | sed -n 's/^[Ee][Tt]ag: //p' | tr -d '\\r')"

3. The slow one: the time of a MISS, then of a HIT
   for n in 1 2; do curl -s -o /dev/null -w '%{time_total} s\\n' ${url}/api/categories/report; done

4. Log in as staff and change the price; then 1. again: MISS with the new price
   TOKEN=$(${login(url, STAFF_EMAIL)}); curl -si -X PATCH ${product} -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"priceCents":4200}'

5. A response of one user's own: HIT for whoever asks twice, never for another
   TOKEN=$(${login(url, shopperEmail(2))}); for n in 1 2; do curl -si ${url}/api/users/me/dashboard -H "Authorization: Bearer $TOKEN" | grep -iE '^(x-cache|age)|name'; done

6. The whole catalogue as CSV, then a part of it cut from what is kept: 206
   curl -s -o /dev/null ${csv}; curl -si -r 0-99 ${csv} | grep -aiE '^(http|x-cache|cache-status|content-range)|,[a-z]'

7. A minute later: stale, and the handler says with a 304 that it still holds, without making it anew
   sleep 61; curl -s -o /dev/null -D - ${csv} | grep -iE '^(http|x-cache|cache-status|age)'

8. A handler that reads Accept-Language and does not say so: never kept, and the detail tells why
   for n in 1 2; do curl -si ${greeting} -H 'Accept-Language: fr' | grep -iE '^(x-cache|cache-status)|greeting'; done

9. The same one with reads: 'vary': each language is kept for itself, MISS and HIT
   for language in fr fr de de; do curl -si ${greeting}/varied -H "Accept-Language: $language" | grep -iE '^(x-cache|vary)|greeting'; done

10. A browser that analytics have given a cookie: HIT all the same
   for n in 1 2; do curl -si ${url}/api/products -b _ga=GA1.1.$n | grep -iE '^(x-cache|cache-status)'; done

11. Browsers ask every time; a CDN is told something else
   curl -sI ${url}/api/categories/report | grep -i cache-control

12. A stampede: 2,000 ask for the cold report at once, and Postgres is asked for it once
   pnpm demo:stampede${at(url)}

13. Half a minute later: stale at once, with a negative ttl, and a second later the one that was made behind it
   curl -s -o /dev/null ${url}/api/categories/report; sleep 31; for n in 1 2; do curl -si ${url}/api/categories/report | grep -iE '^(x-cache|cache-status|age)'; sleep 1; done

14. A product that is not there: looked for twice, then known to be missing
   for n in 1 2 3; do curl -si ${url}/api/products/999999 | grep -iE '^(http|x-cache|cache-status)'; done

15. A cart in a session: nobody else's, so never kept; and public pages are HITs for its browser all the same
   JAR=$(mktemp); curl -s -o /dev/null -c $JAR ${url}/api/cart/items ${JSON_BODY} -d '{"productId":1}'; for page in cart products/1 products/1; do curl -si -b $JAR ${url}/api/$page | grep -iE '^(x-cache|cache-status)'; done

16. Wrong passwords: 401 five times, then 429; the export counts its HITs too
   for n in 1 2 3 4 5 6; do curl -si ${url}/api/sessions ${JSON_BODY} -d '{"email":"${shopperEmail(99)}","password":"guess"}' | grep -iE '^(http|ratelimit:|retry-after)'; done; for n in 1 2; do curl -s -o /dev/null -D - ${csv} | grep -iE '^(x-cache|ratelimit:)'; done

${redis === undefined ? '' : discount(url)}${dataLayer(url, product, productId)}Why, for every request: stop it and start it again with DEBUG=larder:request
Traffic, from a second terminal: pnpm demo:traffic${at(url)}
${another(url, shared)}Ctrl-C ends it.`;
}

const JSON_BODY = `-H 'Content-Type: application/json'`;

/** Needs the queue, which needs Redis. */
function discount(url: string): string {
  return `17. A discount on a category, given by a job: HIT, then MISS with the new price, though no request has written it
   TOKEN=$(${login(url, STAFF_EMAIL)}); look() { curl -si "${url}/api/products?category=tea&limit=1" | grep -ioE '^x-cache.*|"priceCents":[0-9]+'; }; look; look; JOB=$(curl -s ${url}/api/categories/tea/discount -H "Authorization: Bearer $TOKEN" ${JSON_BODY} -d '{"percent":10}' | sed 's/.*"id":"\\([^"]*\\)".*/\\1/'); until curl -s ${url}/api/jobs/$JOB -H "Authorization: Bearer $TOKEN" | grep -oE '"state":"(completed|failed)"'; do sleep 1; done; look

`;
}

/** Writes that no route makes, and what staff can do about a page that looks odd. */
function dataLayer(url: string, product: string, id: number): string {
  const command = `TOKEN=$(${login(url, STAFF_EMAIL)}); tell() { curl -s ${url}/api/admin/cache -H "Authorization: Bearer $TOKEN" ${JSON_BODY} -d "$1"; echo; }`;
  return `18. SQL that goes round the routes, as from cron or psql: HIT, then MISS with the new price
   look() { curl -si ${product} | grep -ioE '^x-cache.*|"priceCents":[0-9]+' | head -2; }; look; look; pnpm demo:sql "update products set price_cents = price_cents + 1 where id = ${id}"; look

19. Staff refresh a page: STALE once, so nobody waits, then the one that was made behind it
   ${command}; curl -s -o /dev/null ${product}; tell '{"product":${id},"soft":true}'; for n in 1 2; do curl -si ${product} | grep -iE '^(x-cache|cache-status|age)'; sleep 1; done

20. Or have one URL forgotten: MISS, and what stands beside it is a HIT
   ${command}; look() { for page in '' /reviews; do curl -si ${product}$page | grep -i '^x-cache'; done; }; look; tell '{"url":"${product}"}'; look

21. Or all URLs that a pattern matches, found by walking over Redis: both are MISSes
   ${command}; look() { for page in '' /reviews; do curl -si ${product}$page | grep -i '^x-cache'; done; }; look; tell '{"urls":"*/api/products/${id}*"}'; look

`;
}

/** For commands that find the shop by themselves where it usually is. */
const at = (url: string): string => (url === 'http://127.0.0.1:3000' ? '' : ` ${url}`);

const another = (url: string, shared: string | undefined): string =>
  shared === undefined
    ? ''
    : `Another process of it: ${shared} PORT=3001 pnpm demo; then pnpm demo:stampede ${url} and its address\n`;

const login = (url: string, email: string): string =>
  `curl -s ${url}/api/sessions ${JSON_BODY} ` +
  `-d '{"email":"${email}","password":"${DEMO_PASSWORD}"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/'`;
