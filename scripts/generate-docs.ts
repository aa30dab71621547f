// Fills the tables of README and docs from the one place that each fact stands in: action.yml, the policy's schema,
// the list of graders, the rubrics' front matter, the demo's rates.
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { behaviourRates } from '../src/demo/simulation.ts'
import type { GraderKind } from '../src/grade/grader.ts'
import { graderConfigSchema, graderKinds } from '../src/grade/graders/index.ts'
import { parseRubric } from '../src/policy/rubric.ts'
import { createPolicySchema } from '../src/policy/schema.ts'
import { describeGradingCost } from './grading-cost.ts'

const root = resolve(import.meta.dirname, '..')

interface JsonSchema {
  description?: string
  default?: unknown
  const?: unknown
  enum?: unknown[]
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
}

/** Every file with generated tables, as it should be, by its path in the repository. */
export function generateDocs(): Record<string, string> {
  const tables: Record<string, () => string> = {
    inputs: () => describeInputs(),
    outputs: () => describeOutputs(),
    policy: () => describePolicy(),
    graders: () => describeGraders(),
    rubrics: () => describeRubrics(),
    demo: () => describeDemo(),
    'grading-cost': () => describeGradingCost(),
    ...Object.fromEntries(graderKinds.map((entry) => [`grader-${entry.kind}`, () => describeGrader(entry)])),
  }
  const files = [
    'README.md',
    ...readdirSync(resolve(root, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ]
  return Object.fromEntries(
    files.map((file) => [file, fillTables(readFileSync(resolve(root, file), 'utf8'), tables)]),
  )
}

function fillTables(text: string, tables: Record<string, () => string>): string {
  return text.replaceAll(/<!-- generated: ([\w-]+) -->\n[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const table = tables[name]
    if (table === undefined) throw new Error(`no table is called ${name}`)
    return `<!-- generated: ${name} -->\n${table()}\n<!-- end -->`
  })
}

function writeTable(head: string[], rows: string[][]): string {
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map((row) => line(row))].join('\n')
}

function readAction(): {
  inputs: Record<string, { description: string; default: string }>
  outputs: Record<string, { description: string }>
} {
  return parse(readFileSync(resolve(root, 'action.yml'), 'utf8'))
}

function describeInputs(): string {
  const rows = Object.entries(readAction().inputs).map(([name, input]) => [
    `\`${name}\``,
    input.default === '' ? '' : `\`${input.default}\``,
    input.description,
  ])
  return writeTable(['input', 'default', 'meaning'], rows)
}

function describeOutputs(): string {
  const rows = Object.entries(readAction().outputs).map(([name, output]) => [
    `\`${name}\``,
    output.description,
  ])
  return writeTable(['output', 'meaning'], rows)
}

function describePolicy(): string {
  const schema = z.toJSONSchema(createPolicySchema(graderConfigSchema), { io: 'input' }) as JsonSchema
  return writeTable(['key', 'value', 'default', 'meaning'], listKeys(schema, ''))
}

function listKeys(schema: JsonSchema, prefix: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const path = `${prefix}${name}`
    if (value.properties !== undefined) return listKeys(value, `${path}.`)
    const items = value.items
    if (items?.properties !== undefined) return listKeys(items, `${path}[].`)
    const required = schema.required?.includes(name) ?? false
    const fallback =
      value.default === undefined ? (required ? 'required' : '') : `\`${JSON.stringify(value.default)}\``
    return [[`\`${path}\``, nameType(value), fallback, value.description ?? '']]
  })
}

function nameType(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (schema.description?.startsWith('A rate') === true || isRate(schema)) return 'rate'
  if (schema.anyOf !== undefined)
    return [...new Set(schema.anyOf.map((option) => nameType(option)))].join(' or ')
  if (schema.type === 'array') return `list of ${nameType(schema.items ?? {})}`
  if (schema.type === 'object') return 'map'
  if (schema.oneOf !== undefined) return 'grader'
  return String(schema.type ?? 'any')
}

// A rate is written as a text; the number in its union is there to be refused with a hint.
function isRate(schema: JsonSchema): boolean {
  const types = schema.anyOf?.map((option) => option.type) ?? schema.type
  return Array.isArray(types) && types.join() === 'string,number'
}

function describeGraders(): string {
  return writeTable(
    ['kind', 'labels by'],
    graderKinds.map(({ kind, summary }) => [`\`${kind}\``, summary]),
  )
}

function describeGrader({ configSchema, kind }: GraderKind): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema
  const rows = listKeys(schema, '').filter(([path]) => path !== '`kind`')
  return writeTable([`key of \`kind: ${kind}\``, 'value', 'default', 'meaning'], rows)
}

function describeRubrics(): string {
  const names = readdirSync(resolve(root, 'rubrics'))
    .filter((name) => name.endsWith('.md'))
    .toSorted()
  const rows = names.map((name) => {
    const rubric = parseRubric({
      file: `rubrics/${name}`,
      text: readFileSync(resolve(root, 'rubrics', name), 'utf8'),
    })
    return [
      `[\`${rubric.id}\`](../rubrics/${name})`,
      rubric.title,
      rubric.severity,
      rubric.appliesTo,
      rubric.published ?? '',
      String(rubric.version),
    ]
  })
  return writeTable(['id', 'title', 'severity', 'applies to', 'published as', 'version'], rows)
}

function describeDemo(): string {
  const checkpoints = Object.keys(behaviourRates)
  const behaviours = Object.keys(Object.values(behaviourRates)[0] ?? {})
  const rates: Record<string, Record<string, number>> = behaviourRates
  const rows = behaviours.map((behaviour) => [
    `\`${behaviour}\``,
    ...checkpoints.map(
      (checkpoint) => `${Number(((rates[checkpoint]?.[behaviour] ?? 0) / 1000).toPrecision(4))} %`,
    ),
  ])
  return writeTable(['behaviour', ...checkpoints.map((checkpoint) => `\`${checkpoint}\``)], rows)
}
