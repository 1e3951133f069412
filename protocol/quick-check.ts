/**
 * A quick yes to what a zod schema accepts. Made from the schema itself, so a message still has one
 * definition; zod makes some objects for every field it looks at, which cost more at 30,000 sales a
 * second than the rest of the check. Comes in: a schema. Goes out: a check of JSON values. Where it
 * does not say yes the schema decides, and has the words.
 */
import type { z } from 'zod';

/** True: the schema accepts the value; its defaults are filled in now. False: ask the schema. */
export type QuickCheck = (value: unknown) => boolean;

type Schema = z.core.$ZodType;
type Rule = z.core.$ZodCheck<never>;
type Fields = Record<string, unknown>;

interface Field {
  key: string;
  check: QuickCheck;
  mayBeMissing: boolean;
  /** Undefined: it has no default. */
  fallback: unknown;
}

/** @throws TypeError for a schema that holds anything but what is known here */
export function quickCheckOf(schema: Schema): QuickCheck {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'string':
      return withRules(value => typeof value === 'string', def.checks);
    case 'number':
      return withRules(isKindOfNumber(def), def.checks);
    case 'boolean':
      return value => typeof value === 'boolean';
    case 'literal':
      return isOneOf(def.values);
    case 'enum':
      return isOneOf(Object.values(def.entries));
    case 'array':
      return arrayCheck(quickCheckOf(def.element), def.checks);
    case 'object':
      return objectCheck(def);
    case 'union':
      return choiceCheck(def as z.core.$ZodDiscriminatedUnionDef);
    default:
      throw new TypeError(`no quick check is known for ${def.type}`);
  }
}

function isKindOfNumber(def: z.core.$ZodNumberDef | z.core.$ZodNumberFormatDef): QuickCheck {
  if (!('format' in def)) return value => Number.isFinite(value);
  if (def.format === 'safeint') return value => Number.isSafeInteger(value);
  throw new TypeError(`no quick check is known for the number format ${def.format}`);
}

function isOneOf(values: readonly unknown[]): QuickCheck {
  const [only] = values;
  return values.length === 1 ? value => value === only : value => values.includes(value);
}

function withRules(isKind: QuickCheck, rules: readonly Rule[] = []): QuickCheck {
  if (rules.length === 0) return isKind;
  const checks = rules.map(rule => ruleCheck(rule));
  return value => {
    if (!isKind(value)) return false;
    for (const check of checks) if (!check(value)) return false;
    return true;
  };
}

/** A rule on a value whose kind is right already. */
function ruleCheck(rule: Rule): QuickCheck {
  const def = rule._zod.def as z.core.$ZodChecks['_zod']['def'];
  switch (def.check) {
    case 'greater_than': {
      const least = Number(def.value);
      return value => (value as number) > least || (def.inclusive && value === least);
    }
    case 'less_than': {
      const most = Number(def.value);
      return value => (value as number) < most || (def.inclusive && value === most);
    }
    case 'min_length':
      return value => (value as readonly unknown[]).length >= def.minimum;
    case 'string_format': {
      const { pattern } = def;
      // A pattern with state (g, y) would answer differently every other time.
      if (def.format !== 'regex' || pattern === undefined || /[gy]/.test(pattern.flags)) break;
      return value => pattern.test(value as string);
    }
  }
  throw new TypeError(`no quick check is known for ${def.check}`);
}

function arrayCheck(element: QuickCheck, rules: readonly Rule[] = []): QuickCheck {
  const isArray = withRules(value => Array.isArray(value), rules);
  return value => {
    if (!isArray(value)) return false;
    for (const item of value as unknown[]) if (!element(item)) return false;
    return true;
  };
}

/** Other fields are let through, as the schema does that names no `catchall`. */
function objectCheck({ shape, catchall, checks = [] }: z.core.$ZodObjectDef): QuickCheck {
  if (catchall !== undefined || checks.length > 0) throw new TypeError('no quick check is known');
  const fields = Object.entries(shape).map(([key, schema]) => fieldOf(key, schema));
  return value => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    for (const { key, check, mayBeMissing, fallback } of fields) {
      const part = (value as Fields)[key];
      if (part !== undefined) {
        if (!check(part)) return false;
      } else if (!mayBeMissing) return false;
      else if (fallback !== undefined) (value as Fields)[key] = fallback;
    }
    return true;
  };
}

function fieldOf(key: string, schema: Schema): Field {
  if (key in Object.prototype) throw new TypeError(`every object has a ${key}`);
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'optional') {
    return { key, check: quickCheckOf(def.innerType), mayBeMissing: true, fallback: undefined };
  }
  if (def.type === 'default') {
    const fallback = def.defaultValue;
    if (typeof fallback === 'object') throw new TypeError(`${key}: one default object for all`);
    return { key, check: quickCheckOf(def.innerType), mayBeMissing: true, fallback };
  }
  return { key, check: quickCheckOf(schema), mayBeMissing: false, fallback: undefined };
}

/** One of several objects, told apart by one field. */
function choiceCheck({ discriminator, options }: z.core.$ZodDiscriminatedUnionDef): QuickCheck {
  if (discriminator === undefined) throw new TypeError('no quick check is known for a plain union');
  const checks = new Map<unknown, QuickCheck>();
  for (const option of options) {
    const names = (option as z.core.$ZodObject)._zod.propValues[discriminator] ?? [];
    for (const name of names) checks.set(name, quickCheckOf(option));
  }
  return value => {
    if (typeof value !== 'object' || value === null) return false;
    return checks.get((value as Fields)[discriminator])?.(value) ?? false;
  };
}
