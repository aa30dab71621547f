import { GateError } from './errors.ts'
import { createGraders, type GraderSet, listEndpoints } from './grade/grade.ts'
import type { ResolvedPolicy } from './policy/resolve.ts'
import type { Arm, ModelClient, ModelSource } from './ports.ts'
import type { GatePorts, PreparedPlan } from './prepare.ts'
import type { RecordedUnit } from './record/schema.ts'
import { type Budget, createBudget } from './replay/budget.ts'
import { createEndpoint, type Endpoint } from './replay/endpoint.ts'

/** The clients of a run, those of graders by the name of their endpoint. */
export interface Clients {
  baseline: ModelClient
  candidate: ModelClient
  graders: ReadonlyMap<string, ModelClient>
}

/** Where the completions and labels of a run come from. */
export interface Sources {
  baseline: ModelSource
  candidate: ModelSource
  graders: Record<string, ModelSource>
}

/** What carries out a plan. */
export interface Instruments {
  endpoints: Record<Arm, Endpoint>
  graders: GraderSet
  requests(): number
  failures(): number
}

/** What grades alone, without anything being replayed. */
export interface GradingSettings {
  ports: Pick<GatePorts, 'connect' | 'clock' | 'random' | 'delimiter'>
  resolved: Pick<ResolvedPolicy, 'policy' | 'file'>
  rubrics: PreparedPlan['rubrics']
}

interface Settings extends GradingSettings, Pick<PreparedPlan, 'plan'> {
  ports: GatePorts
}

/**
 * Connects the endpoints that the plan needs; nothing is asked yet.
 * @throws GateError when one has no address, or is a recording and the policy does not allow that
 */
export async function connectClients(settings: Settings): Promise<Clients> {
  const graders = await connectGraders(settings)
  return {
    graders,
    baseline: await connect('baseline', settings),
    candidate: await connect('candidate', settings),
  }
}

/** Connects the endpoints that the policy's graders ask, as `connectClients` does. */
export async function connectGraders(settings: GradingSettings): Promise<Map<string, ModelClient>> {
  const graders = new Map<string, ModelClient>()
  for (const name of listEndpoints(settings.resolved.policy.categories))
    graders.set(name, await connect(name, settings))
  return graders
}

async function connect(name: string, { ports, resolved }: GradingSettings): Promise<ModelClient> {
  const client = await ports.connect(name)
  if (client.source.kind === 'recorded' && !resolved.policy.replay.allowRecorded) {
    throw refuseRecording(resolved.file, name)
  }
  return client
}

/** The sources of clients. */
export function listSources(clients: Clients): Sources {
  return {
    baseline: clients.baseline.source,
    candidate: clients.candidate.source,
    graders: Object.fromEntries([...clients.graders].map(([name, { source }]) => [name, source])),
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
  const { plan, resolved, ports } = settings
  const done = [...request.done.values()]
  const budget = createBudget({ limits: resolved.policy.budget, clock: ports.clock, cancelled })
  const wrap = (name: string, client: ModelClient, answeredBefore: boolean): Endpoint =>
    wrapClient({ name, client, answeredBefore, budget, cancelled, settings })
  const hasAnswered = (arm: Arm) =>
    done.some((unit) => unit.arm === arm && unit.completion.kind === 'completed')
  const endpoints = {
    baseline: wrap('baseline', clients.baseline, hasAnswered('baseline')),
    candidate: wrap('candidate', clients.candidate, hasAnswered('candidate')),
  }
  const graderEndpoints = new Map(
    [...clients.graders].map(([name, client]) => {
      const before = done.some(({ uses }) => uses.some(({ endpoint }) => endpoint === name))
      return [name, wrap(name, client, before)]
    }),
  )
  const all = [endpoints.baseline, endpoints.candidate, ...graderEndpoints.values()]
  return {
    endpoints,
    graders: buildGraders({
      settings,
      endpoints: graderEndpoints,
      secondGradingShare: plan.policy.judge?.secondGradingShare ?? 0,
    }),
    requests: () => budget.requests(),
    failures: () => all.reduce((sum, endpoint) => sum + endpoint.failures(), 0),
  }
}

/** Puts limits, retries and graders around the clients of graders, where nothing is replayed. */
export function createGradingInstruments(request: {
  settings: GradingSettings
  clients: ReadonlyMap<string, ModelClient>
  cancelled: AbortSignal
  /** The share of completions that is graded twice. */
  secondGradingShare: number
}): Omit<Instruments, 'endpoints'> {
  const { settings, clients, cancelled, secondGradingShare } = request
  const { ports, resolved } = settings
  const budget = createBudget({ limits: resolved.policy.budget, clock: ports.clock, cancelled })
  const endpoints = new Map(
    [...clients].map(([name, client]) => [
      name,
      wrapClient({ name, client, answeredBefore: false, budget, cancelled, settings }),
    ]),
  )
  return {
    graders: buildGraders({ settings, endpoints, secondGradingShare }),
    requests: () => budget.requests(),
    failures: () => [...endpoints.values()].reduce((sum, endpoint) => sum + endpoint.failures(), 0),
  }
}

function wrapClient(parts: {
  name: string
  client: ModelClient
  answeredBefore: boolean
  budget: Budget
  cancelled: AbortSignal
  settings: GradingSettings
}): Endpoint {
  const { settings, ...own } = parts
  const { clock, random } = settings.ports
  return createEndpoint({ ...own, clock, random, ...settings.resolved.policy.replay })
}

function buildGraders(parts: {
  settings: GradingSettings
  endpoints: ReadonlyMap<string, Endpoint>
  secondGradingShare: number
}): GraderSet {
  const { settings, endpoints, secondGradingShare } = parts
  return createGraders(settings.resolved.policy.categories, {
    endpoints,
    rubrics: settings.rubrics.rubrics,
    delimiter: settings.ports.delimiter,
    secondGradingShare,
    canAskAgain: [...endpoints.values()].every(({ source }) => source.kind === 'live'),
  })
}

function refuseRecording(file: string, name: string): GateError {
  return new GateError({
    code: 'policy',
    message: `endpoint "${name}" is a recording, and the policy does not allow recordings`,
    where: { file, field: 'replay.allow_recorded' },
    remedy: 'set `replay.allow_recorded: true` in the policy, or give the endpoint a URL',
  })
}
