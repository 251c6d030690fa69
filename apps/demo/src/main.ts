import { banner } from './run/banner.ts';
import { readConfig } from './run/config.ts';
import { closeOnSignals, Lifecycle } from './run/lifecycle.ts';
import { start } from './run/start.ts';

const say = (line: string): void => console.log(line);
const lifecycle = new Lifecycle();
closeOnSignals(lifecycle, say);

try {
  say(banner(await start(readConfig(process.env), lifecycle, say)));
} catch (error) {
  // Told to end while it was starting: what fails then fails because of that.
  if (!lifecycle.closing) {
    console.error(`The shop could not open: ${(error as Error).message}`);
    await lifecycle.close();
    process.exit(1);
  }
}
