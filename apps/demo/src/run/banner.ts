import { DEMO_PASSWORD, STAFF_EMAIL, shopperEmail } from '../seed/people.ts';
import type { Running } from './start.ts';

/** What runs, and commands that show what it does; each can be pasted into a plain sh. */
export function banner({ url, postgres, redis, productId }: Running): string {
  const product = `${url}/api/products/${productId}`;
  return `
The shop is open: ${url}
  Postgres  ${postgres}
  Redis     ${redis}
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

Traffic, from a second terminal: pnpm demo:traffic${url.endsWith(':3000') ? '' : ` ${url}`}
Ctrl-C ends it.`;
}

const login = (url: string, email: string): string =>
  `curl -s ${url}/api/sessions -H 'Content-Type: application/json' ` +
  `-d '{"email":"${email}","password":"${DEMO_PASSWORD}"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/'`;
