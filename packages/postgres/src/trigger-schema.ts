import { invalidOptions, knownOptions, MAX_TAGS, positive, userTags } from '@larder/core';
import { namespaceIn } from './checks.ts';
import { CHANNEL, DEFAULT_TABLE } from './outbox-table.ts';
import { dollarQuoted, identifier, isText, literal, ownName, type TableName, tableOf } from './sql-text.ts';
import { tagExpression } from './template.ts';

export interface TriggerOptions {
  /** Whose changes are to be recorded. */
  readonly table: TableName;
  /** Of each row, before and after: `product:{id}`. A tag one of whose columns is NULL is none. */
  readonly tags: readonly string[];
  /** Of the cache. */
  readonly namespace: string;
  /** The tag that TRUNCATE makes out of date. Default: everything in the namespace. */
  readonly truncate?: string;
  /** Different tags of one statement beyond which it is everything in the namespace. Default 1000. */
  readonly maxTags?: number;
  /**
   * The `application_name` of connections whose changes are not recorded, for whoever makes them tells the cache himself.
   * Default: none.
   */
  readonly exceptApplication?: string;
  /** The table of the outbox. Default `larder_outbox`. */
  readonly outbox?: TableName;
}

const KNOWN = ['table', 'tags', 'namespace', 'truncate', 'maxTags', 'exceptApplication', 'outbox'];
/** Characters that a tag of the cache may have. */
const MAX_TAG_LENGTH = 512;

/** Each statement tells of all its rows at once. Postgres allows one event a trigger that sees them. */
const EVENTS = [
  { event: 'INSERT', rows: ['new_rows'], referencing: 'REFERENCING NEW TABLE AS new_rows' },
  {
    event: 'UPDATE',
    rows: ['old_rows', 'new_rows'],
    referencing: 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows',
  },
  { event: 'DELETE', rows: ['old_rows'], referencing: 'REFERENCING OLD TABLE AS old_rows' },
] as const;

/**
 * The SQL of triggers that record in the outbox whatever changes the table, from anywhere; for your own migrations, and
 * it may run again. The outbox must be there.
 *
 * @throws LarderError `LARDER_INVALID_OPTIONS`, `LARDER_INVALID_TAG`
 */
export function triggerSchema(options: TriggerOptions): string {
  knownOptions('options', options, KNOWN);
  const { tags, truncate, maxTags = 1000, outbox = DEFAULT_TABLE } = options;
  const table = tableOf('table', options.table);
  const namespace = namespaceIn('namespace', options.namespace);
  if (!Array.isArray(tags) || tags.length === 0)
    throw invalidOptions('tags', tags, "give an array of at least one, as in ['product:{id}']");
  const body = bodyOf({
    outbox: tableOf('outbox', outbox).sql,
    namespace: literal(namespace),
    expressions: tags.map((tag, i) => tagExpression(`tags[${i}]`, tag)),
    truncated: truncate === undefined ? 'NULL' : `ARRAY[${literal(truncateTag(truncate))}]`,
    maxTags: positive('maxTags', maxTags),
  });
  const schema = table.schema === undefined ? '' : `${identifier(table.schema)}.`;
  const when = exceptionOf(options.exceptApplication);
  const functionName = `${schema}${ownName(namespace, table.name)}`;
  const trigger = (event: string, referencing: string) =>
    `CREATE OR REPLACE TRIGGER ${ownName(namespace, event.toLowerCase())} AFTER ${event} ON ${table.sql}
${referencing}FOR EACH STATEMENT ${when}EXECUTE FUNCTION ${functionName}();
`;
  return [
    // The names in it mean what they mean now, whatever the writer's own path is.
    `CREATE OR REPLACE FUNCTION ${functionName}() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS ${dollarQuoted(body)};
`,
    ...EVENTS.map(({ event, referencing }) => trigger(event, `${referencing}\n`)),
    trigger('TRUNCATE', ''),
  ].join('\n');
}

function exceptionOf(application: unknown): string {
  if (application === undefined) return '';
  if (!isText(application))
    throw invalidOptions(
      'exceptApplication',
      application,
      'give an application_name, without NUL characters',
    );
  return `WHEN (current_setting('application_name') <> ${literal(application)}) `;
}

function truncateTag(tag: unknown): string {
  userTags([tag]);
  if (!isText(tag)) throw invalidOptions('truncate', tag, 'give a tag without NUL characters');
  return tag;
}

interface Body {
  readonly outbox: string;
  readonly namespace: string;
  readonly expressions: readonly string[];
  readonly truncated: string;
  readonly maxTags: number;
}

/** Of a statement however large it records no more than so many tags, in rows of as many as a row may have. */
function bodyOf({ outbox, namespace, expressions, truncated, maxTags }: Body): string {
  const branches = EVENTS.map(
    ({ event, rows }) => `  ELSIF TG_OP = '${event}' THEN
    SELECT array_agg(tag) INTO found FROM (
      SELECT DISTINCT tag FROM (
        ${namedIn(rows, expressions)}
      ) AS named WHERE tag <> '' LIMIT ${maxTags + 1}
    ) AS few;
    everything := cardinality(found) > ${maxTags}
      OR EXISTS (SELECT FROM unnest(found) AS tag WHERE char_length(tag) > ${MAX_TAG_LENGTH});`,
  );
  return `DECLARE
  found text[];
  everything boolean := false;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    found := ${truncated};
    everything := found IS NULL;
${branches.join('\n')}
  END IF;
  IF everything THEN
    INSERT INTO ${outbox} (namespace, tags) VALUES (${namespace}, NULL);
  ELSIF found IS NOT NULL THEN
    INSERT INTO ${outbox} (namespace, tags)
    SELECT ${namespace}, array_agg(tag)
    FROM unnest(found) WITH ORDINALITY AS numbered (tag, i) GROUP BY (i - 1) / ${MAX_TAGS};
  ELSE
    RETURN NULL;
  END IF;
  PERFORM pg_notify('${CHANNEL}', ${namespace});
  RETURN NULL;
END;`;
}

const namedIn = (rows: readonly string[], expressions: readonly string[]): string =>
  rows
    .flatMap((source) => expressions.map((expression) => `SELECT ${expression} AS tag FROM ${source} AS r`))
    .join('\n        UNION ALL ');
