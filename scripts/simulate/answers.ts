import type { Arm, ModelClient } from '../../src/ports.ts'
import type { ChatRequest, Completed, Failed } from '../../src/replay/completion.ts'
import { nameCategory } from './settings.ts'
import type { World } from './world.ts'

/** A passage that a judge can quote whatever it found. */
const evidence = 'evidence'

/** The checkpoints and the judge of a world, as the endpoints of a run. */
export function createClients(world: World, models: Record<Arm, string>): Record<Arm | 'judge', ModelClient> {
  const serve = (answer: (request: ChatRequest) => Completed | Failed): ModelClient => ({
    source: { kind: 'live' },
    origin: 'https://simulated.example',
    complete: async (request) => answer(request),
    post: async () => ({ kind: 'failed', cause: 'not-found', detail: 'simulated', retryAfterMs: null }),
  })
  const serveArm = (arm: Arm) =>
    serve((request) =>
      answerTurn({ world, arm, place: findPlace(world, request.customId), model: models[arm] }),
    )
  return {
    baseline: serveArm('baseline'),
    candidate: serveArm('candidate'),
    judge: serve((request) => answerJudge(world, request)),
  }
}

/** What an arm answers at a turn: the names of the categories that graders by pattern will find, and evidence. */
export function answerTurn(request: {
  world: World
  arm: Arm
  place: number
  model: string
}): Completed | Failed {
  const { world, arm, place, model } = request
  const fate = world.fates[arm][place] ?? 'call-failed'
  if (fate !== 'answered') {
    const cause = fate === 'call-failed' ? 'server-error' : 'empty-answer'
    return { kind: 'failed', cause, detail: 'simulated', retryAfterMs: null }
  }
  const found = world.flags[arm].flatMap((flags, category) =>
    flags[place] === 1 ? [`${nameCategory(category)};`] : [],
  )
  return complete({ model, text: [evidence, ...found].join(' ') })
}

function answerJudge(world: World, request: ChatRequest): Completed {
  const [turn = '', arm = '', category = ''] = request.customId.split('|')
  const place = findPlace(world, turn)
  const flags = world.flags[arm === 'baseline' ? 'baseline' : 'candidate']
  const present = flags.some((column, index) => nameCategory(index) === category && column[place] === 1)
  const label = present ? 'present' : 'absent'
  return complete({
    model: request.model,
    text: JSON.stringify({ rationale: '', label, quote: present ? evidence : '' }),
  })
}

function findPlace(world: World, turn: string): number {
  const place = world.places.get(turn)
  if (place === undefined) throw new Error(`turn ${turn} was not drawn`)
  return place
}

function complete({ model, text }: { model: string; text: string }): Completed {
  return {
    kind: 'completed',
    model,
    text,
    reasoning: null,
    toolCalls: [],
    refusal: null,
    finishReason: 'stop',
    usage: null,
    systemFingerprint: null,
  }
}
