/** A JSON Schema, as far as the generated ones go. */
export interface JsonSchema {
  [keyword: string]: unknown
}

/** What is wrong with a value of its keyword's, or nothing. */
type Check = (value: unknown, argument: never, schema: JsonSchema, path: string) => string[]

const annotations = ['$schema', 'title', 'description', 'default', 'format']

const checks: Record<string, Check> = {
  type: (value, types: string | string[], _, path) =>
    [types].flat().some((type) => hasType(value, type))
      ? []
      : [`${path}: not ${[types].flat().join(' or ')}`],
  const: (value, expected: unknown, _, path) =>
    value === expected ? [] : [`${path}: not ${String(expected)}`],
  enum: (value, options: unknown[], _, path) => (options.includes(value) ? [] : [`${path}: not an option`]),
  pattern: (value, source: string, _, path) =>
    typeof value !== 'string' || new RegExp(source, 'u').test(value) ? [] : [`${path}: another pattern`],
  minLength: (value, least: number, _, path) =>
    typeof value !== 'string' || [...value].length >= least ? [] : [`${path}: too short`],
  maxLength: (value, most: number, _, path) =>
    typeof value !== 'string' || [...value].length <= most ? [] : [`${path}: too long`],
  minimum: (value, least: number, _, path) => (Number(value) < least ? [`${path}: too small`] : []),
  maximum: (value, most: number, _, path) => (Number(value) > most ? [`${path}: too large`] : []),
  exclusiveMinimum: (value, least: number, _, path) => (Number(value) <= least ? [`${path}: too small`] : []),
  exclusiveMaximum: (value, most: number, _, path) => (Number(value) >= most ? [`${path}: too large`] : []),
  minItems: (value, least: number, _, path) =>
    Array.isArray(value) && value.length < least ? [`${path}: too few`] : [],
  maxItems: (value, most: number, _, path) =>
    Array.isArray(value) && value.length > most ? [`${path}: too many`] : [],
  items: (value, schema: JsonSchema | false, { prefixItems }, path) => {
    const first = Array.isArray(prefixItems) ? prefixItems.length : 0
    const rest = Array.isArray(value) ? value.slice(first) : []
    if (schema === false) return rest.length === 0 ? [] : [`${path}: too many`]
    return rest.flatMap((item, index) => checkJson(item, schema, `${path}[${first + index}]`))
  },
  prefixItems: (value, schemas: JsonSchema[], _, path) =>
    Array.isArray(value)
      ? schemas.flatMap((schema, index) => checkJson(value[index], schema, `${path}[${index}]`))
      : [],
  required: (value, keys: string[], _, path) =>
    isObject(value) ? keys.filter((key) => !(key in value)).map((key) => `${path}.${key}: missing`) : [],
  properties: (value, schemas: Record<string, JsonSchema>, _, path) =>
    isObject(value)
      ? Object.entries(schemas).flatMap(([key, schema]) =>
          Object.hasOwn(value, key) ? checkJson(value[key], schema, `${path}.${key}`) : [],
        )
      : [],
  additionalProperties: (value, schema: JsonSchema | false, { properties }, path) => {
    if (!isObject(value)) return []
    const others = Object.entries(value).filter(
      ([key]) => !(isObject(properties) && Object.hasOwn(properties, key)),
    )
    return others.flatMap(([key, inner]) =>
      schema === false ? [`${path}.${key}: unknown`] : checkJson(inner, schema, `${path}.${key}`),
    )
  },
  propertyNames: (value, schema: JsonSchema, _, path) =>
    isObject(value) ? Object.keys(value).flatMap((key) => checkJson(key, schema, `${path}.${key}`)) : [],
  anyOf: (value, schemas: JsonSchema[], _, path) =>
    schemas.some((schema) => checkJson(value, schema, path).length === 0)
      ? []
      : [`${path}: none of the choices`],
  oneOf: (value, schemas: JsonSchema[], _, path) =>
    schemas.filter((schema) => checkJson(value, schema, path).length === 0).length === 1
      ? []
      : [`${path}: not one of the choices`],
}

/**
 * What is wrong with a value, by place; nothing when it fits. Throws for a keyword that is not known here, so
 * that no part of a schema goes unchecked.
 */
export function checkJson(value: unknown, schema: JsonSchema, path = '$'): string[] {
  return Object.entries(schema).flatMap(([keyword, argument]) => {
    if (annotations.includes(keyword)) return []
    const check = checks[keyword]
    if (check === undefined) throw new Error(`the keyword "${keyword}" is not known to this check`)
    return check(value, argument as never, schema, path)
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return isObject(value)
  if (type === 'null') return value === null
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}
