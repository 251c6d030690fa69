/** Every error this package raises; tell kinds apart by `code`. */

const list = (lines: readonly string[]) => lines.map((line) => `  - ${line}`).join('\n');

/** Nothing here can be a server: the message says what was looked for, and what would help. */
export class NoServerError extends Error {
  override readonly name = 'NoServerError';
  readonly code: 'LARDER_NO_REDIS' | 'LARDER_NO_POSTGRES';
  readonly tried: readonly string[];

  constructor(code: NoServerError['code'], problem: string, tried: readonly string[], fix: string) {
    super(`${problem}\n${list(tried)}\n${fix} [${code}]`);
    this.code = code;
    this.tried = tried;
  }
}

/** A server was found and would not run; `log` is what it said. */
export class ServerFailedError extends Error {
  override readonly name = 'ServerFailedError';
  readonly code = 'LARDER_SERVER_FAILED';
  readonly log: string;

  constructor(problem: string, log: string, options?: { cause?: unknown }) {
    super(`${problem}${log && `\n${log}`} [LARDER_SERVER_FAILED]`, options);
    this.log = log;
  }
}

/** Another live Postgres has the data folder open. */
export class DataInUseError extends Error {
  override readonly name = 'DataInUseError';
  readonly code = 'LARDER_DATA_IN_USE';

  constructor(folder: string, pid: number) {
    super(
      `Another Postgres (process ${pid}) is using ${folder}: ` +
        'stop the other demo, or give this one another data folder [LARDER_DATA_IN_USE]',
    );
  }
}

export class BadChoiceError extends Error {
  override readonly name = 'BadChoiceError';
  readonly code = 'LARDER_BAD_CHOICE';

  constructor(variable: string, given: string, choices: readonly string[]) {
    const known = choices.map((choice) => `'${choice}'`).join(', ');
    super(
      `${variable} is ${JSON.stringify(given)}: leave it out, or use one of ${known} [LARDER_BAD_CHOICE]`,
    );
  }
}

export const noRedis = (wanted: string, tried: readonly string[]): NoServerError =>
  new NoServerError(
    'LARDER_NO_REDIS',
    `There is no ${wanted} to use. Tried:`,
    tried,
    `Set REDIS_URL, start Docker, or install ${wanted}.`,
  );

export const noLocalRedis = (wanted: string, tried: readonly string[]): NoServerError =>
  new NoServerError(
    'LARDER_NO_REDIS',
    `There is no ${wanted} to run as a process of our own. Tried:`,
    tried,
    `Install ${wanted}: REDIS_URL and Docker cannot stand in for a process that is killed and restarted.`,
  );

export const noPostgres = (tried: readonly string[]): NoServerError =>
  new NoServerError(
    'LARDER_NO_POSTGRES',
    'There is no Postgres to use. Tried:',
    tried,
    'Set DATABASE_URL, start Docker, or install postgresql.',
  );
