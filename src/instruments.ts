import { type Batches, connectBatchClients, createBatchWrapper } from './batch-instruments.ts'
import { GateError } from './errors.ts'
import { createGraders, type GraderSet, listEndpoints } from './grade/grade.ts'
import { chooseJobMinutes } from './policy/budget-policy.ts'
import type { ResolvedPolicy } from './policy/resolve.ts'
import type { Arm, ModelClient, ModelSource } from './ports.ts'
import type { GatePorts, PreparedPlan } from './prepare.ts'
import type { Journal } from './record/journal.ts'
import type { MeasuredUnits } from './record/measured-units.ts'
import type { BatchClient } from './replay/batch/client.ts'
import { type Budget, createBudget } from './replay/budget.ts'
import type { NotAsked } from './replay/completion.ts'
import { createEndpoint, type Endpoint } from './replay/endpoint.ts'
import { createHost, type Host } from './replay/host.ts'
import type { Spent } from './replay/spent.ts'
import { countUnits } from './replay/window.ts'
import { openToolSources, type ToolSources } from './tool-instruments.ts'

/** The clients of a run, those of graders by the name of their endpoint. */
export interface Clients {
  baseline: ModelClient
  candidate: ModelClient
  graders: ReadonlyMap<string, ModelClient>
  /** Files and batches of those that are asked in batches, by the name of their endpoint. */
  batches: ReadonlyMap<string, BatchClient>
  /** What tool calls are answered from; `null` where policy has none answer. */
  tools: ToolSources | null
}

/** Where the completions and labels of a run come from. */
export interface Sources {
  baseline: ModelSource
  candidate: ModelSource
  graders: Record<string, ModelSource>
  /** Absent where no model stands in for tools. */
  simulator?: ModelSource | undefined
}

/** What carries out a plan. */
export interface Instruments {
  endpoints: Record<Arm, Endpoint>
  graders: GraderSet
  /** Stands in for tools; `null` where nobody does. */
  simulator: Endpoint | null
  batches: Batches
  /** So many units under way at once let no endpoint wait for another. */
  mostUnits: number
  /** What the run has taken so far, its earlier parts included. */
  spent(): Spent
  failures(): number
  /** Why nothing more is asked; `null` while anything may be. */
  stopped(): NotAsked['reason'] | null
}

/** What grades alone, without anything being replayed. */
export interface GradingSettings {
  ports: Pick<GatePorts, 'connect' | 'clock' | 'random' | 'delimiter' | 'log' | 'jobMinutes'>
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
  const arms = {
    baseline: await connect('baseline', settings),
    candidate: await connect('candidate', settings),
  }
  const all = new Map([...Object.entries(arms), ...graders])
  const { ports, resolved } = settings
  const { tools } = resolved.policy
  return {
    ...arms,
    graders,
    batches: await connectBatchClients(all, resolved.policy),
    tools:
      tools === null
        ? null
        : await openToolSources({ tools, ports, connect: (name) => connect(name, settings) }),
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
  const simulator = clients.tools?.simulator ?? null
  return {
    baseline: clients.baseline.source,
    candidate: clients.candidate.source,
    graders: Object.fromEntries([...clients.graders].map(([name, { source }]) => [name, source])),
    ...(simulator === null ? {} : { simulator: simulator.source }),
  }
}

/** Puts limits, retries and graders around the clients. */
export function createInstruments(request: {
  settings: Settings
  clients: Clients
  cancelled: AbortSignal
  done: Pick<MeasuredUnits, 'hasAnswered'>
  journal: Pick<Journal, 'append' | 'batches'>
  /** What earlier parts of the run took. */
  spent: Spent | null
}): Instruments {
  const { settings, clients, cancelled, done, spent, journal } = request
  const { plan } = settings
  const budget = openBudget({ settings, cancelled, spent })
  const wrapLive = createWrapper({ settings, budget, cancelled })
  const { ports } = settings
  const { maxAttempts } = settings.resolved.policy.replay
  const batches = createBatchWrapper({
    clients: clients.batches,
    ports,
    maxAttempts,
    budget,
    cancelled,
    journal,
  })
  const wrapClient: Wrap = (own) => batches.wrap(wrapLive(own), { ...own, origin: own.client.origin })
  // The server may know a checkpoint by another name than prices do.
  const wrapArm = (arm: Arm) =>
    wrapClient({
      name: arm,
      client: clients[arm],
      answeredBefore: done.hasAnswered(arm),
      pricedAs: plan[arm],
    })
  const endpoints = {
    baseline: wrapArm('baseline'),
    candidate: wrapArm('candidate'),
  }
  const graderEndpoints = new Map(
    [...clients.graders].map(([name, client]) => {
      return [name, wrapClient({ name, client, answeredBefore: done.hasAnswered(name) })]
    }),
  )
  const simulator = wrapSimulator(clients, wrapLive)
  const all = [endpoints.baseline, endpoints.candidate, ...graderEndpoints.values()]
  return {
    endpoints,
    simulator,
    batches,
    mostUnits: batches.isUsed
      ? Number.POSITIVE_INFINITY
      : countUnits(settings.resolved.policy.replay.concurrency, all.length),
    graders: buildGraders({
      settings,
      endpoints: graderEndpoints,
      secondGradingShare: plan.policy.judge?.secondGradingShare ?? 0,
    }),
    ...describeState(budget, simulator === null ? all : [...all, simulator]),
  }
}

function wrapSimulator({ tools }: Clients, wrap: Wrap): Endpoint | null {
  const name = tools?.tools.simulator?.endpoint
  const client = tools?.simulator ?? null
  return name === undefined || client === null ? null : wrap({ name, client, answeredBefore: false })
}

/** Puts limits, retries and graders around the clients of graders, where nothing is replayed. */
export function createGradingInstruments(request: {
  settings: GradingSettings
  clients: ReadonlyMap<string, ModelClient>
  cancelled: AbortSignal
  /** The share of completions that is graded twice. */
  secondGradingShare: number
}): Omit<Instruments, 'endpoints' | 'batches' | 'simulator' | 'mostUnits'> {
  const { settings, clients, cancelled, secondGradingShare } = request
  const budget = openBudget({ settings, cancelled, spent: null })
  const wrapClient = createWrapper({ settings, budget, cancelled })
  const endpoints = new Map(
    [...clients].map(([name, client]) => [name, wrapClient({ name, client, answeredBefore: false })]),
  )
  return {
    graders: buildGraders({ settings, endpoints, secondGradingShare }),
    ...describeState(budget, [...endpoints.values()]),
  }
}

function describeState(
  budget: Budget,
  endpoints: readonly Endpoint[],
): Pick<Instruments, 'spent' | 'failures' | 'stopped'> {
  return {
    spent: () => budget.spent(),
    failures: () => endpoints.reduce((sum, endpoint) => sum + endpoint.failures(), 0),
    stopped: () => budget.stopped(),
  }
}

/**
 * The budget of a run. A job that is about to be ended has a limit of its own, unless policy sets one that is within it.
 */
function openBudget(parts: {
  settings: GradingSettings
  cancelled: AbortSignal
  spent: Spent | null
}): Budget {
  const { settings, cancelled, spent } = parts
  const { ports, resolved } = settings
  const { budget, prices } = resolved.policy
  return createBudget({
    limits: { ...budget, jobMinutes: chooseJobMinutes(budget.maxMinutes, ports.jobMinutes ?? null) },
    clock: ports.clock,
    cancelled,
    prices,
    ...(spent === null ? {} : { spent }),
  })
}

type Wrap = (own: {
  name: string
  client: ModelClient
  answeredBefore: boolean
  pricedAs?: string
}) => Endpoint

/** Wraps clients one after another; those of one origin share its host. */
function createWrapper(parts: { settings: GradingSettings; budget: Budget; cancelled: AbortSignal }): Wrap {
  const { settings, budget, cancelled } = parts
  const { ports, resolved } = settings
  const { clock, random, log } = ports
  const { replay } = resolved.policy
  const hosts = new Map<string, Host>()
  const findHost = ({ origin }: ModelClient) => {
    const { ended } = budget
    const host = hosts.get(origin) ?? createHost({ clock, random, ended, timeoutMs: replay.timeoutMs })
    hosts.set(origin, host)
    return host
  }
  return (own) =>
    createEndpoint({
      ...own,
      ...replay,
      budget,
      cancelled,
      clock,
      random,
      host: findHost(own.client),
      warn: (text) => log.warning(text),
    })
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
