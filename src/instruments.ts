import { GateError } from './errors.ts'
import { type CategoryGraders, countJudges, createGraders } from './grade/grade.ts'
import type { ResolvedPolicy } from './policy/resolve.ts'
import type { Arm, ModelClient, ModelSource } from './ports.ts'
import type { GatePorts, PreparedPlan } from './prepare.ts'
import type { RecordedUnit } from './record/schema.ts'
import { createBudget } from './replay/budget.ts'
import { createEndpoint, type Endpoint } from './replay/endpoint.ts'

/** The clients of a run; no judge where no category needs one. */
export interface Clients {
  baseline: ModelClient
  candidate: ModelClient
  judge: ModelClient | null
}

/** Where the completions and labels of a run come from. */
export interface Sources {
  baseline: ModelSource
  candidate: ModelSource
  judge: ModelSource | null
}

/** What carries out a plan. */
export interface Instruments {
  endpoints: Record<Arm, Endpoint>
  judge: Endpoint | null
  graders: CategoryGraders[]
  requests(): number
  failures(): number
}

interface Settings extends PreparedPlan {
  ports: GatePorts
  resolved: ResolvedPolicy
}

/**
 * Connects the endpoints that the plan needs; nothing is asked yet.
 * @throws GateError when one has no address, or is a recording and the policy does not allow that
 */
export async function connectClients({ ports, plan, resolved }: Settings): Promise<Clients> {
  const connect = async (name: 'baseline' | 'candidate' | 'judge'): Promise<ModelClient> => {
    const client = await ports.connect(name)
    if (client.source.kind === 'recorded' && !resolved.policy.replay.allowRecorded) {
      throw refuseRecording(resolved.file, name)
    }
    return client
  }
  const judged = countJudges(plan.policy.categories) > 0
  return {
    judge: judged && plan.policy.judge !== null ? await connect('judge') : null,
    baseline: await connect('baseline'),
    candidate: await connect('candidate'),
  }
}

/** The sources of clients. */
export function listSources(clients: Clients): Sources {
  return {
    baseline: clients.baseline.source,
    candidate: clients.candidate.source,
    judge: clients.judge?.source ?? null,
  }
}

/** Puts limits, retries and graders around the clients. */
export function createInstruments(request: {
  settings: Settings
  clients: Clients
  cancelled: AbortSignal
  done: ReadonlyMap<string, RecordedUnit>
}): Instruments {
  const { settings, clients, cancelled } = request
  const { ports, plan, resolved, rubrics } = settings
  const { replay, budget: limits, categories } = resolved.policy
  const done = [...request.done.values()]
  const budget = createBudget({ limits, clock: ports.clock, cancelled })
  const wrap = (name: 'baseline' | 'candidate' | 'judge', client: ModelClient): Endpoint =>
    createEndpoint({
      name,
      client,
      budget,
      clock: ports.clock,
      cancelled,
      random: ports.random,
      answeredBefore: done.some((unit) => hasAnswered(unit, name)),
      ...replay,
    })
  const endpoints = {
    baseline: wrap('baseline', clients.baseline),
    candidate: wrap('candidate', clients.candidate),
  }
  const judge = clients.judge === null ? null : wrap('judge', clients.judge)
  return {
    endpoints,
    judge,
    graders: createGraders(categories, {
      judge: judge === null || plan.policy.judge === null ? null : { endpoint: judge, ...plan.policy.judge },
      rubrics: rubrics.rubrics,
      delimiter: ports.delimiter,
    }),
    requests: () => budget.requests(),
    failures: () => endpoints.baseline.failures() + endpoints.candidate.failures() + (judge?.failures() ?? 0),
  }
}

// That a judge answered shows in the tokens it used.
function hasAnswered(unit: RecordedUnit, name: 'baseline' | 'candidate' | 'judge'): boolean {
  if (name === 'judge') return unit.judgeUsage.promptTokens > 0
  return unit.arm === name && unit.completion.kind === 'completed'
}

function refuseRecording(file: string, name: string): GateError {
  return new GateError({
    code: 'policy',
    message: `endpoint "${name}" is a recording, and the policy does not allow recordings`,
    where: { file, field: 'replay.allow_recorded' },
    remedy: 'set `replay.allow_recorded: true` in the policy, or give the endpoint a URL',
  })
}
