import { invalidOptions } from '@larder/core';
import { identifier, isName, isText, literal } from './sql-text.ts';

/** `product:{id}`, as texts and the columns between them. */
type Part = { readonly text: string } | { readonly column: string };

const PARTS = /\{([^{}]+)\}|([^{}]+)/gy;

/**
 * A tag with columns in it, as SQL over the row `r`: NULL where one of the columns is.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function tagExpression(option: string, template: unknown): string {
  return partsOf(option, template)
    .map((part) => ('text' in part ? literal(part.text) : `r.${identifier(part.column)}::text`))
    .join(' || ');
}

function partsOf(option: string, template: unknown): Part[] {
  if (!isText(template) || template === '') throw invalidOptions(option, template, FIX);
  const found = [...template.matchAll(PARTS)];
  const read = found.reduce((length, [whole]) => length + whole.length, 0);
  // A brace that belongs to no column.
  if (read !== template.length) throw invalidOptions(option, template, FIX);
  return found.map(([, column, text]): Part => {
    if (column === undefined) return { text: text! };
    if (!isName(column)) throw invalidOptions(option, template, FIX);
    return { column };
  });
}

const FIX = "give text with columns in braces, as in 'product:{id}'; there is no other use of braces";
