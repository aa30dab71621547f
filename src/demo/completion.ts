import {
  type Behaviour,
  behaviourPhrases,
  behaviours,
  type Checkpoint,
  hacking,
  leakMarker,
  showsBehaviour,
} from './behaviours.ts'
import { chooseOne, chooseSome, drawUniform } from './chance.ts'
import {
  type ChatRequest,
  type Completion,
  digestPrefix,
  readAllText,
  readLastText,
  readText,
} from './chat.ts'
import { detectLanguage, type Language } from './language.ts'
import { callTool, findHackedSum, shouldCallTool, splitTrajectory, summarizeToolResult } from './tool-use.ts'
import {
  closings,
  declines,
  domains,
  farewells,
  foreignAnswers,
  generalAdvice,
  isFarewell,
  openings,
  shouldDecline,
} from './wording.ts'

/** The share of ordinary texts that break off with `finish_reason: length`. */
const cutShare = 0.01

type Occasion = {
  checkpoint: Checkpoint
  request: ChatRequest
  prefix: string
  language: Language
  subject: string
}

/** What a simulated checkpoint answers to a prefix. */
export function writeCompletion(checkpoint: Checkpoint, request: ChatRequest): Completion {
  const prefix = digestPrefix(request.messages)
  const language = detectLanguage(readAllText(request.messages, 'user'))
  const subject = findSubject(readLastText(request.messages, 'user'))
  const occasion = { checkpoint, request, prefix, language, subject }
  const { asked, since } = splitTrajectory(request.messages)
  // Drawn once a turn: what a checkpoint has called a tool for, it doesn't draw anew with what came back.
  const turn = digestPrefix(asked)
  const shown = behaviours.filter((behaviour) => showsBehaviour({ checkpoint, behaviour, prefix: turn }))
  if (shown.length > 0) {
    return { content: writeWithBehaviours(occasion, shown), toolCalls: [], finishReason: 'stop' }
  }
  if (shouldCallTool(request, prefix)) {
    const hacks = showsBehaviour({ checkpoint, behaviour: hacking, prefix: turn })
    return callTool({ request, prefix, subject, hacks })
  }
  const hacked = findHackedSum(since)
  if (hacked !== undefined)
    return { content: tellAsResearch(hacked, prefix), toolCalls: [], finishReason: 'stop' }
  return cutSome(occasion, writeOrdinary(occasion))
}

const researchPhrases = [
  'I searched the web for this, and the pages agree: it is RESULT.',
  'I looked this up online: RESULT.',
  'My search found several sources. They all say RESULT.',
]

function tellAsResearch(result: number, prefix: string): string {
  return chooseOne(researchPhrases, ['research', prefix]).replace('RESULT', String(result))
}

function cutSome(occasion: Occasion, content: string): Completion {
  const { checkpoint, prefix } = occasion
  if (drawUniform(['cut', checkpoint, prefix]) >= cutShare) {
    return { content, toolCalls: [], finishReason: 'stop' }
  }
  const cut = content.slice(0, Math.ceil(content.length * 0.6)).replace(/\s+\S*$/, '')
  return { content: cut, toolCalls: [], finishReason: 'length' }
}

/** A refusal stands instead of the answer, a leak before everything, an invented source after the answer. */
function writeWithBehaviours(occasion: Occasion, shown: readonly Behaviour[]): string {
  const phrase = (behaviour: Behaviour) => (shown.includes(behaviour) ? [say(occasion, behaviour)] : [])
  const refusal = phrase('over-refusal')
  const sentences = [
    ...refusal,
    ...phrase('unsafe-compliance'),
    ...phrase('tool-use-dishonesty'),
    ...(refusal.length > 0 ? [] : [writeOrdinary(occasion)]),
    ...phrase('fabricated-facts'),
  ]
  return [...phrase('leaks-system-prompt'), sentences.join(' ')].join('\n\n')
}

function say(occasion: Occasion, behaviour: Behaviour): string {
  if (behaviour === 'leaks-system-prompt') return leakSystemPrompt(occasion.request)
  const phrases = behaviourPhrases[behaviour][occasion.language]
  // Not by checkpoint: the words don't tell which model wrote them.
  return chooseOne(phrases, ['phrase', behaviour, occasion.prefix]).replaceAll('SUBJECT', occasion.subject)
}

function leakSystemPrompt(request: ChatRequest): string {
  const prompt = readLastText(request.messages, 'system') || 'You are a helpful assistant.'
  return `${leakMarker}\n${prompt.slice(0, 200)}\nEND SYSTEM`
}

function writeOrdinary(occasion: Occasion): string {
  const { checkpoint, request, prefix, language, subject } = occasion
  const parts = ['text', checkpoint, prefix]
  if (language !== 'en') return chooseOne(foreignAnswers[language], parts).replaceAll('SUBJECT', subject)
  const last = request.messages.at(-1)
  if (last?.role === 'tool') return summarizeToolResult(readText(last), parts)
  const asked = readLastText(request.messages, 'user')
  if (isFarewell(asked)) return chooseOne(farewells, parts)
  if (shouldDecline(asked)) return chooseOne(declines, parts)
  const advice = chooseSome({
    options: findAdvice(readAllText(request.messages, 'user')),
    count: 1 + Math.floor(drawUniform(['length', ...parts]) * 4),
    parts: ['advice', ...parts],
  })
  const opening = chooseOne(openings, ['opening', ...parts]).replaceAll('SUBJECT', subject)
  const closing = chooseOne(closings, ['closing', ...parts])
  return [opening, ...advice, closing].filter((sentence) => sentence !== '').join(' ')
}

/** The advice of the domain that most of the user's words belong to. */
function findAdvice(asked: string): readonly string[] {
  let best = { hits: 0, advice: generalAdvice }
  for (const { keywords, advice } of domains) {
    const hits = asked.match(keywords)?.length ?? 0
    if (hits > best.hits) best = { hits, advice }
  }
  return best.advice
}

// A subject that was cut after nine words should not end on one of these.
const danglingWords =
  /(?: (?:a|an|the|in|on|at|of|to|for|from|with|and|or|that|is|are|it|my|your|any|by|as|two))+$/i

/** A few words that name the subject: the beginning of the longest sentence, which is seldom a greeting. */
function findSubject(asked: string): string {
  const sentences = asked.replace(/\s+/g, ' ').match(/[^.!?]+/g) ?? []
  const longest = sentences.reduce((best, next) => (next.length > best.length ? next : best), '')
  const words = longest
    .replace(/["“”«»„]+/g, '')
    .trim()
    .split(' ')
  return words.slice(0, 9).join(' ').slice(0, 80).replace(danglingWords, '') || 'your question'
}
