import type { Deadlines } from '../replay/deadlines.ts'
import type { Served, ServerTools, ToolServer } from './connector.ts'

/** After so many requests in a row without an answer in time a server is dropped. */
const mostHangs = 3

/** Why a server is not asked any more. */
export type DropReason = 'changed' | 'hung' | 'lost' | 'refused'

/** What came of the calls that were meant for a server. */
export interface ServerCounts {
  answered: number
  /** Calls to which it had no answer that could be used: the next environment was tried. */
  unanswered: number
  reconnects: number
  dropped: DropReason | null
}

/** A server while its answers can be trusted. */
export interface LiveServer {
  /** `null`: it has no answer that can be used. Never rejects. */
  ask(tool: string, input: Record<string, unknown>): Promise<{ text: string; isError: boolean } | null>
  counts(): ServerCounts
}

interface Parts {
  name: string
  server: ToolServer
  deadlines: Deadlines
  timeoutMs: number
  warn: (text: string) => void
}

interface State extends ServerCounts {
  /** The tools as they were seen first. */
  first: ServerTools | null
  hangs: number
  /** Counts connections, so that all who lose the same one count as one loss. */
  connection: number
  told: Set<string>
}

/**
 * Asks a server, and drops it for the rest of the run when its list of tools is not what was seen first or it announces a
 * change, when it is lost a second time, when three requests in a row hang, or when it refuses to list. Before
 * each call the list is asked for again: a tool that only read a minute ago may write now.
 */
export function createLiveServer(parts: Parts): LiveServer {
  const { server } = parts
  const state: State = {
    answered: 0,
    unanswered: 0,
    reconnects: 0,
    dropped: null,
    first: null,
    hangs: 0,
    connection: 0,
    told: new Set(),
  }
  const askOnce = async (tool: string, input: Record<string, unknown>) => {
    const checked = await checkTool({ parts, state }, tool)
    if (checked.kind !== 'served') return checked
    const called = await within(parts, (signal) => server.call({ tool, arguments: input }, signal))
    // What was changed while it was called may have been changed before it was.
    if (server.hasAnnouncedChange()) drop({ parts, state }, 'changed')
    return state.dropped === null ? called : unusable
  }
  return {
    counts: () => {
      const { answered, unanswered, reconnects, dropped } = state
      return { answered, unanswered, reconnects, dropped }
    },
    async ask(tool, input) {
      for (const isLast of [false, true]) {
        const { connection } = state
        const called = state.dropped === null ? await askOnce(tool, input) : unusable
        if (called.kind !== 'hung' && called.kind !== 'lost') state.hangs = 0
        if (called.kind === 'served') {
          state.answered += 1
          return called.value
        }
        heed({ parts, state }, { tool, called, connection })
        if (isLast || called.kind !== 'lost') break
      }
      state.unanswered += 1
      return null
    },
  }
}

/** There is nothing to be said that was not said already. */
const unusable = { kind: 'unusable' } as const

type Asked<Value> = Served<Value> | typeof unusable

interface Watched {
  parts: Parts
  state: State
}

/** Whether the server still has the tools that it had, and this is one that only reads. */
async function checkTool({ parts, state }: Watched, tool: string): Promise<Asked<null>> {
  const { server } = parts
  const listed = await within(parts, (signal) => server.list(signal))
  if (listed.kind === 'refused') drop({ parts, state }, 'refused', listed.detail)
  if (listed.kind !== 'served') return state.dropped === null ? listed : unusable
  state.first ??= listed.value
  if (server.hasAnnouncedChange() || listed.value.listing !== state.first.listing) {
    drop({ parts, state }, 'changed')
  }
  if (state.dropped !== null) return unusable
  const found = listed.value.tools.filter(({ name }) => name === tool)
  // Two of a name: which of them a call gets nobody can tell.
  if (found.length === 1 && found[0]?.isReadOnly === true) {
    return { kind: 'served', value: null }
  }
  const why =
    found.length === 1
      ? 'it does not say `readOnlyHint: true` of it'
      : `it lists ${found.length} of that name`
  tellOnce({ parts, state }, { about: tool, text: `never asked for "${tool}": ${why}` })
  return unusable
}

function within<Value>(
  { deadlines, timeoutMs }: Parts,
  send: (signal: AbortSignal) => Promise<Served<Value>>,
): Promise<Served<Value>> {
  return deadlines.within(timeoutMs, send)
}

/** Draws conclusions from what was no answer. */
function heed(
  { parts, state }: Watched,
  { tool, called, connection }: { tool: string; called: Asked<unknown>; connection: number },
): void {
  switch (called.kind) {
    case 'hung':
      state.hangs += 1
      if (state.hangs >= mostHangs) drop({ parts, state }, 'hung')
      return
    case 'lost':
      // Who lost the same connection later has nothing new to say.
      if (connection !== state.connection) return
      state.connection += 1
      if (state.reconnects > 0) drop({ parts, state }, 'lost', called.detail)
      else state.reconnects += 1
      return
    case 'refused':
      tellOnce(
        { parts, state },
        { about: `refused ${tool}`, text: `it refused a call of "${tool}": ${called.detail}` },
      )
  }
}

const reasons: Record<DropReason, string> = {
  changed: 'its tools are not those that it had at first',
  hung: `${mostHangs} requests in a row had no answer in time`,
  lost: 'its connection was lost, and lost again after one more try',
  refused: 'it does not list its tools',
}

function drop({ parts, state }: Watched, reason: DropReason, detail?: string): void {
  if (state.dropped !== null) return
  state.dropped = reason
  const why = detail === undefined ? reasons[reason] : `${reasons[reason]} (${detail})`
  tellOnce({ parts, state }, { about: 'dropped', text: `not asked any more in this run: ${why}` })
  // Whoever still waits is told by the end of the connection.
  void parts.server.close()
}

function tellOnce({ parts, state }: Watched, { about, text }: { about: string; text: string }): void {
  if (state.told.has(about)) return
  state.told.add(about)
  parts.warn(`connector "${parts.name}" (${parts.server.origin}): ${text}`)
}
