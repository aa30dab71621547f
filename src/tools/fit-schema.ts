/** As deep as a schema is followed: one may refer to itself. */
const deepest = 64
const mostMisfits = 5

type Schema = Readonly<Record<string, unknown>>

interface Place {
  root: Schema
  path: string
  depth: number
}

/**
 * What of a value does not fit a JSON Schema, in words of how frameworks say it: `date: expected a string, got a number`.
 * Empty where nothing is known to be wrong, at most five.
 *
 * It knows what schemas of functions are written with: `type` (also a list, and `nullable`), `enum`, `const`,
 * `properties`, `required`, `additionalProperties`, `items`, `anyOf`, `oneOf` (as `anyOf`), `allOf`, `minimum`, `maximum`,
 * `minItems`, `maxItems`, and `$ref` within the schema. All else is passed over, `pattern` and `format` too: a call is
 * refused for what certainly does not fit, and a corpus' expression is not run over a model's text.
 */
export function findMisfits(schema: unknown, value: unknown): string[] {
  if (!isObject(schema)) return []
  return check(schema, value, { root: schema, path: '', depth: 0 }).slice(0, mostMisfits)
}

function check(schema: unknown, value: unknown, place: Place): string[] {
  if (schema === false) return [say(place, 'is not allowed')]
  if (!isObject(schema) || place.depth > deepest) return []
  const inner = { ...place, depth: place.depth + 1 }
  if (typeof schema.$ref === 'string') return check(resolve(place.root, schema.$ref), value, inner)
  if (value === null && schema.nullable === true) return []
  const wrongType = checkType(schema, value, place)
  // What is of another type fits nothing else either: one reason is enough.
  if (wrongType !== null) return [wrongType]
  return [
    ...checkValue(schema, value, place),
    ...(isObject(value) ? checkObject(schema, value, inner) : []),
    ...(Array.isArray(value) ? checkList(schema, value, inner) : []),
    ...listOf(schema.allOf).flatMap((part) => check(part, value, inner)),
    ...checkChoices(schema, value, inner),
  ]
}

function checkType({ type }: Schema, value: unknown, place: Place): string | null {
  const types = (Array.isArray(type) ? type : [type]).filter((name) => typeof name === 'string')
  if (types.length === 0 || types.some((name) => isOfType(name, value))) return null
  return say(place, `expected ${types.map(withArticle).join(' or ')}, got ${withArticle(nameType(value))}`)
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value)
  // A type that JSON Schema doesn't have says nothing.
  return !jsonTypes.has(type) || nameType(value) === type
}

const jsonTypes: ReadonlySet<string> = new Set(['null', 'boolean', 'object', 'array', 'number', 'string'])

function nameType(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function withArticle(type: string): string {
  if (type === 'null') return type
  return /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`
}

function checkValue(schema: Schema, value: unknown, place: Place): string[] {
  const allowed = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : null
  if (allowed !== null && !allowed.some((each) => JSON.stringify(each) === JSON.stringify(value))) {
    const shown = allowed.slice(0, 10).map((each) => JSON.stringify(each))
    return [say(place, `expected ${shown.join(', ')}${allowed.length > shown.length ? ', …' : ''}`)]
  }
  const measured = measure(value)
  if (measured === null) return []
  const { size, least, most, what } = measured
  const [minimum, maximum] = [schema[least], schema[most]]
  if (typeof minimum === 'number' && size < minimum)
    return [say(place, `expected at least ${minimum}${what}`)]
  if (typeof maximum === 'number' && size > maximum) return [say(place, `expected at most ${maximum}${what}`)]
  return []
}

function measure(value: unknown) {
  if (typeof value === 'number') return { size: value, least: 'minimum', most: 'maximum', what: '' }
  if (!Array.isArray(value)) return null
  return { size: value.length, least: 'minItems', most: 'maxItems', what: ' items' }
}

function checkObject(schema: Schema, value: Schema, place: Place): string[] {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const { additionalProperties } = schema
  const missing = listOf(schema.required).filter(
    (name): name is string => typeof name === 'string' && !Object.hasOwn(value, name),
  )
  return [
    ...missing.map((name) => say(step(place, name), 'is required')),
    ...Object.entries(value).flatMap(([name, inner]) => {
      if (Object.hasOwn(properties, name)) return check(properties[name], inner, step(place, name))
      if (additionalProperties === false) return [say(step(place, name), 'is not a known argument')]
      return check(additionalProperties, inner, step(place, name))
    }),
  ]
}

function checkList({ items }: Schema, value: readonly unknown[], place: Place): string[] {
  if (!isObject(items)) return []
  return value.flatMap((each, index) => check(items, each, step(place, String(index))))
}

/** One of several schemas has to fit; where none does, the reasons of the nearest one are given. */
function checkChoices(schema: Schema, value: unknown, place: Place): string[] {
  const choices = [...listOf(schema.anyOf), ...listOf(schema.oneOf)]
  const reasons = choices.map((choice) => check(choice, value, place))
  if (reasons.some((found) => found.length === 0)) return []
  return reasons.toSorted((one, other) => one.length - other.length)[0] ?? []
}

function resolve(root: Schema, reference: string): unknown {
  if (!reference.startsWith('#')) return true
  const parts = reference.slice(1).split('/').slice(1)
  return parts.reduce<unknown>((schema, part) => {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    return isObject(schema) && Object.hasOwn(schema, name) ? schema[name] : true
  }, root)
}

function step(place: Place, name: string): Place {
  return { ...place, path: place.path === '' ? name : `${place.path}.${name}` }
}

function say({ path }: Place, what: string): string {
  return path === '' ? what : `${path.slice(0, 100)}: ${what}`
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
