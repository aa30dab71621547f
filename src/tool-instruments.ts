import { GateError } from './errors.ts'
import type { ToolsPolicy } from './policy/tools-policy.ts'
import type { ModelClient } from './ports.ts'
import type { GatePorts } from './prepare.ts'
import type { Completion } from './replay/completion.ts'
import type { Deadlines } from './replay/deadlines.ts'
import type { Endpoint } from './replay/endpoint.ts'
import { type ReplaySettings, toRequest, type Unit } from './replay/replay.ts'
import type { SampledTurn } from './sample/sample.ts'
import { createToolChain } from './tools/chain.ts'
import { createConnectorEnvironment } from './tools/connector.ts'
import type { ToolDatabase } from './tools/database.ts'
import type { Environment } from './tools/environment.ts'
import { type OwnTrajectory, readOwnTrajectory } from './tools/own-trajectory.ts'
import { createRecordedEnvironment } from './tools/recorded-environment.ts'
import { findEffect } from './tools/settings.ts'
import { createSimilarCalls } from './tools/similar.ts'
import { createSimulator, describeFailures } from './tools/simulated.ts'
import { followTrajectory } from './tools/trajectory.ts'

/** What answers tool calls in a run; `null` where policy has none answer. */
export interface ToolInstruments {
  /** Asks for a unit's trajectory, step by step. */
  follow(unit: Unit, asking: { endpoint: Endpoint; settings: ReplaySettings }): Promise<Completion>
  close(): Promise<void>
}

/** What tool calls are answered from, opened before anything is asked. */
export interface ToolSources {
  tools: ToolsPolicy
  database: ToolDatabase | null
  /** The model that stands in for tools; `null` where there is none. */
  simulator: ModelClient | null
  connectors: ReturnType<NonNullable<GatePorts['connectTools']>>
  close(): void
}

/**
 * Opens what the policy has tool calls answered from; nothing is asked yet.
 * @throws GateError for a database that is not the one of the policy, and an endpoint without an address
 */
export async function openToolSources(parts: {
  tools: ToolsPolicy
  ports: Pick<GatePorts, 'files' | 'connectTools'>
  connect: (endpoint: string) => Promise<ModelClient>
}): Promise<ToolSources> {
  const { tools, ports, connect } = parts
  const connectors = tools.connectors.length === 0 ? [] : (ports.connectTools?.(tools.connectors) ?? [])
  const simulator = tools.simulator === null ? null : await connect(tools.simulator.endpoint)
  const opened = tools.database === null ? null : await openDatabase(tools.database, ports.files)
  return {
    ...{ tools, simulator, connectors },
    database: opened?.database ?? null,
    close: () => opened?.close(),
  }
}

async function openDatabase(wanted: NonNullable<ToolsPolicy['database']>, files: GatePorts['files']) {
  const { folder, sha256 } = wanted
  if (files.openToolDatabase === undefined) throw new Error('these files have no database of tool calls')
  const opened = await files.openToolDatabase(folder)
  const { digest } = opened.database
  if (digest === sha256) return opened
  opened.close()
  throw new GateError({
    code: 'corpus',
    message: `the database of tool calls is another one: its digest is ${digest.slice(0, 16)}…, the policy says ${sha256.slice(0, 16)}…`,
    where: { file: folder },
    remedy:
      'bring the one that the policy describes, or have the other reviewed by writing its digest into the policy (`tools.database.sha256`)',
  })
}

/** Puts the environments in the order that policy gives around what they answer from. */
export async function createToolInstruments(parts: {
  sources: ToolSources
  ports: Pick<GatePorts, 'clock' | 'delimiter' | 'log'>
  /** The simulator with limits, deadlines and budget; `null` where there is none. */
  simulator: Endpoint | null
  /** The seed of the draw of turns. */
  seed: string
  deadlines: Deadlines
  timeoutMs: number
}): Promise<ToolInstruments> {
  const { sources, ports, simulator, seed, deadlines, timeoutMs } = parts
  const { tools, database, connectors } = sources
  const { clock, delimiter, log } = ports
  const common = { settings: tools, database, seed }
  const live =
    connectors.length === 0
      ? null
      : createConnectorEnvironment({
          ...{ settings: tools, deadlines, timeoutMs },
          connectors,
          warn: (text) => log.warning(text),
        })
  const simulated =
    simulator === null || tools.simulator === null
      ? null
      : createSimulator({
          ...common,
          settings: { ...tools, simulator: tools.simulator },
          endpoint: simulator,
          delimiter,
          readProduction: (turn) => turn.after ?? null,
        })
  const environments: Environment[] = [
    createRecordedEnvironment({ ...common, readOwn: createOwnReader(tools) }),
    ...(simulated?.environments ?? []),
    ...(live === null ? [] : [live.environment]),
  ]
  const similar = database !== null && usesSimilar(tools) ? await createSimilarCalls(database) : null
  const chain = createToolChain({ ...common, environments, similar })
  return {
    follow(unit, { endpoint, settings }) {
      const { arm } = unit
      const turn = unpackTurn(unit.turn)
      const trajectory = chain.open({ turn, arm })
      return followTrajectory({
        request: toRequest({ ...unit, turn }, settings),
        ask: (request) => endpoint.ask(request),
        async answer(call) {
          const answer = await trajectory.answer(call)
          if (answer.kind !== 'answered') return answer
          return {
            ...answer.result,
            defect: answer.defect ?? undefined,
            ...(answer.isCut ? { isCut: true } : {}),
          }
        },
        limits: tools.limits,
        clock,
      })
    },
    async close() {
      const failures = simulated === null ? null : describeFailures(simulated.counts())
      if (failures !== null) log.warning(failures)
      await live?.close()
      sources.close()
    },
  }
}

/** A turn with its content as values: each call of a trajectory asks for it, and a drawn turn unpacks it each time. */
function unpackTurn({
  id,
  conversation,
  weight,
  stratum,
  slice,
  prefix,
  tools,
  after,
}: SampledTurn): SampledTurn {
  return {
    id,
    conversation,
    weight,
    stratum,
    slice,
    prefix,
    tools,
    ...(after === undefined ? {} : { after }),
  }
}

/** The log of the conversation of a turn, as far as it was drawn with the turn. */
function createOwnReader(tools: ToolsPolicy): (turn: SampledTurn) => OwnTrajectory | null {
  const known = new WeakMap<SampledTurn, OwnTrajectory>()
  const isSaid = tools.perTool.some(({ writes }) => writes !== null)
  const isWrite = (tool: string) => findEffect(tools, tool) === 'writes'
  return (turn) => {
    const { after } = turn
    if (after === undefined) return null
    const read =
      known.get(turn) ??
      readOwnTrajectory({
        conversation: { id: turn.conversation, messages: [...turn.prefix, ...after] },
        turn: turn.prefix.length,
        isWrite: isSaid ? isWrite : undefined,
      })
    known.set(turn, read)
    return read
  }
}

function usesSimilar({ environments, perTool }: ToolsPolicy): boolean {
  return [environments, ...perTool.map((each) => each.environments ?? [])].some((order) =>
    order.includes('similar'),
  )
}
