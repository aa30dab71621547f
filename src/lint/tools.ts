import { findSharedFamilies } from '../policy/model-family.ts'
import { matchesName, type ToolsPolicy } from '../policy/tools-policy.ts'
import type { Sample } from '../sample/draw.ts'
import type { WrittenRegistration } from './registrations.ts'
import { collect, type LintRequest, type LintResult, report, type WrittenPolicy } from './result.ts'

/** Checks what tool calls are answered from, and that the policy speaks of tools that there are. */
export async function lintTools(parts: {
  request: LintRequest
  written: WrittenPolicy
  /** The checkpoint that is served; `null` when it is not known. */
  served: string | null
  registrations: readonly WrittenRegistration[]
  /** `null` where the corpus can't be read. */
  sample: Sample | null
  result: LintResult
}): Promise<void> {
  const { request, written, served, registrations, sample, result } = parts
  const { tools } = written.policy
  if (tools === null) return
  const candidates = registrations.map(({ registration }) => registration.candidate)
  warnOfFamily({ tools, checkpoints: [...(served === null ? [] : [served]), ...candidates], result })
  const known = await collect(result, () => listDatabase({ request, written, tools, result }))
  if (known === null || sample === null) return
  warnOfStrangers({ tools, names: new Set([...known, ...listTools(sample)]), result })
}

function warnOfFamily(parts: { tools: ToolsPolicy; checkpoints: string[]; result: LintResult }): void {
  const { tools, checkpoints, result } = parts
  if (tools.simulator === null) return
  for (const { family, judge: simulator, checkpoint } of findSharedFamilies({
    judges: [tools.simulator.model],
    checkpoints,
  }))
    result.warnings.push(
      `the simulator of tools ${simulator} is of the same family (${family}) as the checkpoint ${checkpoint}: what it makes up may suit it; take a model of another family`,
    )
}

/** The tools of the database. A digest that is not the policy's is a problem, as the run would refuse it. */
async function listDatabase(parts: {
  request: LintRequest
  written: WrittenPolicy
  tools: ToolsPolicy
  result: LintResult
}): Promise<string[]> {
  const { request, written, tools, result } = parts
  if (tools.database === null || request.files.openToolDatabase === undefined) return []
  const { folder, sha256 } = tools.database
  const { database, close } = await request.files.openToolDatabase(folder)
  try {
    if (database.digest !== sha256) {
      report(result, {
        code: 'corpus',
        message: `the database of tool calls in ${folder} is another one: its digest is ${database.digest}`,
        place: { source: written.source, path: ['tools', 'database', 'sha256'] },
        remedy: 'bring the one that the policy describes, or write the digest of the other here',
      })
    } else {
      const calls = database.tools.reduce((sum, each) => sum + each.calls, 0)
      result.checked.push(
        `database of tool calls ${folder}: ${calls} calls of ${database.tools.length} tools`,
      )
    }
    return database.tools.map(({ name }) => name)
  } finally {
    close()
  }
}

/** Tools that are offered or called in the turns that a run would draw. */
function listTools(sample: Sample): Set<string> {
  const names = new Set<string>()
  for (const turn of sample.turns) {
    for (const { function: tool } of turn.tools ?? []) names.add(tool.name)
    for (const message of [...turn.prefix, ...(turn.after ?? [])]) {
      const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : []
      for (const call of calls) names.add(call.function.name)
    }
  }
  return names
}

function warnOfStrangers(parts: {
  tools: ToolsPolicy
  names: ReadonlySet<string>
  result: LintResult
}): void {
  const { tools, names, result } = parts
  if (names.size === 0) {
    result.warnings.push('no drawn turn has tools, and no past call is known: `tools` has nothing to answer')
    return
  }
  const isKnown = (pattern: string) => [...names].some((name) => matchesName(pattern, name))
  const known = [...names].toSorted().slice(0, 5).join(', ')
  const listed = [
    ...tools.perTool.map(({ pattern }) => ({ name: pattern, field: 'tools.per_tool' })),
    ...tools.connectors.flatMap((each) =>
      each.tools.map((name) => ({ name, field: `tools of the connector ${each.name}` })),
    ),
  ]
  for (const { name, field } of listed.filter((each) => !isKnown(each.name)))
    result.warnings.push(
      `${field}: no drawn turn and no past call has a tool that "${name}" is for (there are ${known}${names.size > 5 ? ' …' : ''})`,
    )
}
