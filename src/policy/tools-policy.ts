import { z } from 'zod'
import { strictObject } from './document.ts'
import { endpointName, path, positive } from './schema-parts.ts'

/** The ways to answer a tool call, as policy orders them. */
export const toolEnvironments = ['recorded', 'similar', 'simulated', 'connector', 'blocked'] as const
export type ToolEnvironment = (typeof toolEnvironments)[number]

const order = z
  .array(z.enum(toolEnvironments))
  .min(1)
  .superRefine((names, context) => {
    const problem = findOrderProblem(names)
    if (problem !== null) context.addIssue({ code: 'custom', message: problem })
  })

const toolName = z.string().min(1).max(200)

/** How tool calls of a replay are answered, as a user writes it. */
export function createToolsSchema() {
  return strictObject({
    environments: order.prefault(['recorded', 'blocked']).meta({
      description:
        'What answers a tool call, in the order in which it is tried (docs/agents.md); what nothing answers is blocked.',
    }),
    per_tool: z
      .record(
        toolName,
        strictObject({
          environments: order
            .optional()
            .meta({ description: 'The order for this tool, in place of the other.' }),
          writes: z.boolean().optional().meta({
            description:
              'Whether it changes anything: a live server is asked only for tools that are said not to (`false`).',
          }),
        }),
      )
      .default({})
      .meta({
        description:
          'Tools by name, or several by a pattern such as `get_*`; the first that says something counts, and `writes: true` always.',
      }),
    database: strictObject({
      folder: path.meta({
        description: 'What `checkpoint-gate corpus tools` has written, where the corpus files are.',
      }),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 hex digits')
        .meta({ description: 'Its digest, as that command printed it.' }),
    })
      .optional()
      .meta({ description: 'Past calls of tools and what came of them.' }),
    similar: strictObject({
      threshold: z.number().gt(0).max(1).default(0.5).meta({
        description:
          'How much of its arguments a past call must share to be an example: above 0, up to 1 for all.',
      }),
      examples: positive.max(10).default(3).meta({ description: 'How many past calls are shown at most.' }),
    }).prefault({}),
    simulator: createSimulatorSchema().optional(),
    connectors: z.array(createConnectorSchema()).max(20).default([]),
    limits: createLimitsSchema().prefault({}),
  }).superRefine((written, context) => {
    for (const { message, field } of findToolsProblems(toTools(written as WrittenTools))) {
      context.addIssue({ code: 'custom', message, path: field })
    }
  })
}

function createSimulatorSchema() {
  return strictObject({
    endpoint: endpointName
      .default('simulator')
      .meta({ description: 'The endpoint of the model that stands in for tools.' }),
    model: z.string().min(1).meta({ description: 'The model to ask there.' }),
    temperature: z.number().min(0).max(2).optional().meta({ description: 'Sent only when set.' }),
  })
}

function createConnectorSchema() {
  return strictObject({
    name: endpointName.meta({ description: 'What it is called in reports.' }),
    endpoint: endpointName.meta({
      description: 'The endpoint whose address is an MCP server over Streamable HTTP.',
    }),
    tools: z
      .array(toolName)
      .min(1)
      .meta({ description: 'Its tools that may be called; each must say `readOnlyHint: true` there.' }),
  })
}

function createLimitsSchema() {
  return strictObject({
    steps: positive.max(1000).default(20).meta({
      description: 'How many answers with tool calls a trajectory may have.',
    }),
    tokens: positive.optional().meta({
      description: 'Tokens of the model under test in one trajectory, prompts and answers together.',
    }),
    minutes: z.number().gt(0).max(120).default(10).meta({ description: 'Wall time of one trajectory.' }),
    result_bytes: z
      .int()
      .min(1024)
      .max(16 * 1024 * 1024)
      .default(64 * 1024)
      .meta({
        description: 'How long a result may be: the rest is cut off, and the result says so.',
      }),
  })
}

type WrittenTools = z.output<ReturnType<typeof createToolsSchema>>

/** How tool calls of a replay are answered, with the names and units of the rest of the code. */
export interface ToolsPolicy {
  environments: ToolEnvironment[]
  /** In the order in which they are written. `null`: it says nothing of that. */
  perTool: { pattern: string; environments: ToolEnvironment[] | null; writes: boolean | null }[]
  /** Where it is, and which it must be; `null`: there is none. */
  database: { folder: string; sha256: string } | null
  /** `threshold`: from above 0 to 1. */
  similar: { threshold: number; examples: number }
  simulator: { endpoint: string; model: string; temperature: number | null } | null
  connectors: { name: string; endpoint: string; tools: string[] }[]
  /** Of one trajectory; `resultBytes` of one result. */
  limits: { steps: number; tokens: number | null; minutes: number; resultBytes: number }
}

/** The settings with the names and units of the rest of the code. */
export function toTools(written: WrittenTools): ToolsPolicy {
  const { simulator, limits } = written
  return {
    environments: written.environments,
    perTool: Object.entries(written.per_tool).map(([pattern, { environments, writes }]) => ({
      pattern,
      environments: environments ?? null,
      writes: writes ?? null,
    })),
    database: written.database ?? null,
    similar: written.similar,
    simulator: simulator === undefined ? null : { ...simulator, temperature: simulator.temperature ?? null },
    connectors: written.connectors,
    limits: {
      steps: limits.steps,
      tokens: limits.tokens ?? null,
      minutes: limits.minutes,
      resultBytes: limits.result_bytes,
    },
  }
}

/** What a tool does to the world, as far as policy says. */
export type ToolEffect = 'reads' | 'writes' | 'unknown'

/** What policy says that a tool does. That it writes binds, whatever else is said of it. */
export function findEffect({ perTool }: Pick<ToolsPolicy, 'perTool'>, tool: string): ToolEffect {
  const said = perTool.filter(({ pattern, writes }) => writes !== null && matchesName(pattern, tool))
  if (said.some(({ writes }) => writes === true)) return 'writes'
  return said.length > 0 ? 'reads' : 'unknown'
}

/** Whether a name fits a pattern, in which `*` stands for any letters. Takes linear time: models make names up. */
export function matchesName(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return name === pattern
  if (!name.startsWith(first)) return false
  let position = first.length
  for (const part of rest) {
    const found = name.indexOf(part, position)
    if (found < 0) return false
    position = found + part.length
  }
  return name.length - last.length >= position && name.endsWith(last)
}

/** The endpoints of the checkpoints. */
const arms = ['baseline', 'candidate']

/** What answers every call: nothing after it is ever tried. */
const final: readonly ToolEnvironment[] = ['simulated', 'blocked']

function findOrderProblem(names: readonly ToolEnvironment[]): string | null {
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) return `\`${twice}\` stands there twice`
  const index = names.findIndex((name) => final.includes(name))
  const after = names[index + 1]
  if (index < 0 || after === undefined || (names[index] === 'simulated' && after === 'blocked')) return null
  return `\`${names[index]}\` answers every call: \`${after}\` after it would never be tried`
}

interface ToolsProblem {
  message: string
  field: PropertyKey[]
}

/** What of the settings does not go together. */
function findToolsProblems(tools: ToolsPolicy): ToolsProblem[] {
  const { database, simulator, connectors } = tools
  const used = new Set([tools.environments, ...tools.perTool.map((each) => each.environments ?? [])].flat())
  const problems: (ToolsProblem | false)[] = [
    (used.has('simulated') || used.has('similar')) &&
      simulator === null && {
        message: '`similar` and `simulated` are answered by a model: name it',
        field: ['simulator'],
      },
    used.has('similar') &&
      database === null && {
        message: '`similar` looks for past calls: name the database that has them',
        field: ['database'],
      },
    used.has('connector') &&
      connectors.length === 0 && {
        message: '`connector` asks live servers: name one',
        field: ['connectors'],
      },
    !used.has('connector') &&
      connectors.length > 0 && {
        message: 'no order of environments has `connector`, so that these are never asked',
        field: ['connectors'],
      },
    simulator !== null &&
      arms.includes(simulator.endpoint) && {
        message: `the endpoint "${simulator.endpoint}" serves a checkpoint: it must not make up its world`,
        field: ['simulator', 'endpoint'],
      },
    simulator !== null &&
      !used.has('simulated') &&
      !used.has('similar') && {
        message: 'no order of environments has `similar` or `simulated`, so that it is never asked',
        field: ['simulator'],
      },
  ]
  return [...problems.filter((problem) => problem !== false), ...findConnectorProblems(tools)]
}

function findConnectorProblems(tools: ToolsPolicy): ToolsProblem[] {
  const seen = new Map<string, string>()
  const names = new Set<string>()
  return tools.connectors.flatMap(({ name, tools: listed }, connector) => {
    const problems: ToolsProblem[] = []
    if (names.has(name)) {
      problems.push({ message: `"${name}" stands there twice`, field: ['connectors', connector, 'name'] })
    }
    names.add(name)
    for (const [index, tool] of listed.entries()) {
      const message = explainTool(tools, { tool, other: seen.get(tool) })
      if (message !== null) problems.push({ message, field: ['connectors', connector, 'tools', index] })
      seen.set(tool, name)
    }
    return problems
  })
}

function explainTool(tools: ToolsPolicy, { tool, other }: { tool: string; other: string | undefined }) {
  if (other !== undefined) return `"${tool}" is a tool of "${other}" already`
  switch (findEffect(tools, tool)) {
    case 'reads':
      return null
    case 'writes':
      return `"${tool}" writes, as \`per_tool\` says: a live server is never asked for it`
    case 'unknown':
      return `\`per_tool\` does not say that "${tool}" writes nothing: add \`writes: false\` there if so`
  }
}
