import { createHash } from 'node:crypto'
import type { Conversation } from '../corpus/conversation.ts'
import { type Manifest, parseManifest } from '../corpus/manifest.ts'
import { readCorpus } from '../corpus/read.ts'
import { createStandingCheck, type Exclusion } from '../corpus/standing.ts'
import type { Tombstones } from '../corpus/tombstones.ts'
import { GateError } from '../errors.ts'
import {
  countLabels,
  describeContent,
  isEmpty,
  type LabelledItem,
  type LabelledLine,
  labelledItemSchema,
  parseLabelledLines,
  refuseSet,
  splitLines,
} from '../grade/labelled-set.ts'
import type { Files } from '../ports.ts'
import type { RunRecord } from '../record/schema.ts'
import type { GrowthReport } from '../report/growth.ts'
import { addReason, type PickedTurn, pickTurns } from './pick.ts'

/** What is added to which set. */
export interface GrowthRequest {
  record: RunRecord
  category: string
  /** How many of the run's first turns; `null`: all. */
  turns: number | null
  /** The labelled set; `null` text where there is none yet. */
  set: { file: string; text: string | null }
  /** The manifest of the run's corpus, and where the corpus lies. */
  manifest: { file: string; text: string }
  files: Files
  /** The manifest's list of who is not to be replayed any more, as it is now. */
  readTombstones(manifest: Manifest): Promise<Tombstones>
  now: Date
}

/** A labelled set that has grown. */
export interface Growth extends GrowthReport {
  /** The lines of the set as it is now. */
  lines: string[]
}

/**
 * Adds turns of a run's baseline to a labelled set.
 * @throws GateError as `pickTurns`, for another corpus than the run's, for a set that can't be read, and for an item
 * that is labelled otherwise in the set
 */
export async function growSet(request: GrowthRequest): Promise<Growth> {
  const { record, category, set, now } = request
  const { looked, turns, leftOut } = pickTurns(request)
  const { manifest, conversations } = await readConversations(request, turns)
  const tombstones = await request.readTombstones(manifest)
  const exclude = createStandingCheck({ now, consent: manifest.consent, tombstones })
  const grown = openSet(set)
  let expiring = 0
  const counts = { added: { present: 0, absent: 0 }, extended: 0, known: 0 }
  for (const picked of turns) {
    const conversation = conversations.get(findConversation(picked.turn).id)
    if (conversation === undefined) {
      addReason(leftOut, 'no longer in the corpus')
      continue
    }
    const { id, user, consent, expires_at: expiresAt } = conversation
    const exclusion = exclude({ id, user, consent, expiresAt })
    if (exclusion !== null) {
      addReason(leftOut, exclusions[exclusion])
      continue
    }
    const item = makeItem({ picked, conversation, category, baseline: record.summary.plan.baseline })
    if (item === null) {
      addReason(leftOut, 'of a shape that no labelled set has')
      continue
    }
    const outcome = grown.add({ item, category })
    if (outcome === 'chosen-otherwise') addReason(leftOut, 'chosen otherwise in another category')
    else if (outcome === 'added') {
      counts.added[picked.label] += 1
      if (conversation.expires_at !== undefined) expiring += 1
    } else counts[outcome] += 1
  }
  const byChance = grown.items().filter(({ chosen }) => chosen !== 'flagged')
  return {
    ...counts,
    lines: grown.lines(),
    looked,
    leftOut,
    expiring,
    total: countLabels(byChance, category),
  }
}

/** Why a turn that was drawn is not kept for good. */
const exclusions: Record<Exclusion, string> = {
  erased: 'on the list of tombstones',
  'no-consent': 'without consent',
  expired: 'expired since',
}

async function readConversations(
  { record, manifest: source, files }: GrowthRequest,
  turns: readonly PickedTurn[],
): Promise<{ manifest: Manifest; conversations: Map<string, Conversation> }> {
  const digest = createHash('sha256').update(source.text).digest('hex')
  if (digest !== record.summary.plan.corpus.manifestSha256) {
    throw new GateError({
      code: 'corpus',
      message: 'the corpus is not the one that the run drew from: its manifest is another',
      where: { file: source.file },
      remedy:
        'give the repository and the corpus as they were in that run (--dir, --corpus-dir), or make a new run',
    })
  }
  const wanted = new Set(turns.map(({ turn }) => findConversation(turn).id))
  const found = new Map<string, Conversation>()
  const manifest = parseManifest(source)
  for await (const conversation of readCorpus(manifest, files))
    if (wanted.has(conversation.id)) found.set(conversation.id, conversation)
  return { manifest, conversations: found }
}

/** A turn's conversation, and the index of its message there. */
function findConversation(turn: string): { id: string; index: number } {
  const place = turn.lastIndexOf('#')
  return { id: turn.slice(0, place), index: Number(turn.slice(place + 1)) }
}

/** The item that a turn makes; `null` where a labelled set has no place for what the model wrote. */
function makeItem(parts: {
  picked: PickedTurn
  conversation: Conversation
  category: string
  baseline: string
}): LabelledItem | null {
  const { picked, conversation, category, baseline } = parts
  const { content, model } = picked.completion
  if (content === null) return null
  const { text, reasoning, refusal, toolCalls } = content
  const parsed = labelledItemSchema.safeParse({
    id: nameItem(baseline, picked.turn),
    labels: { [category]: picked.label },
    messages: conversation.messages.slice(0, findConversation(picked.turn).index),
    ...(conversation.tools === undefined ? {} : { tools: conversation.tools }),
    completion: {
      content: text,
      ...(reasoning === null ? {} : { reasoning }),
      ...(refusal === null ? {} : { refusal }),
      ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
    },
    ...(model === '' ? {} : { source: model }),
    chosen: picked.chosen,
  })
  return parsed.success && !isEmpty(parsed.data) ? parsed.data : null
}

const longestId = 128

/** `<checkpoint>-<turn>` as an id may be; what is too long is cut and told apart by its digest. */
function nameItem(checkpoint: string, turn: string): string {
  const name = `${checkpoint}-${turn}`.replaceAll(/[^A-Za-z0-9._:#-]/g, '-').replace(/^[^A-Za-z0-9]+/, '')
  if (name.length <= longestId) return name
  const digest = createHash('sha256').update(`${checkpoint}\n${turn}`).digest('hex').slice(0, 16)
  return `${name.slice(0, longestId - digest.length - 1)}-${digest}`
}

type Adding = 'added' | 'extended' | 'known' | 'chosen-otherwise'

/** A labelled set by its lines: those that don't change stay as they were written. */
function openSet({ file, text }: GrowthRequest['set']) {
  const lines = text === null ? [] : splitLines(text)
  while (lines.at(-1)?.trim() === '') lines.pop()
  const before = lines.length
  const entries = text === null ? [] : parseLabelledLines({ file, text })
  const ids = new Map(entries.map((entry) => [entry.item.id, entry]))
  const contents = new Map(entries.map((entry) => [describeContent(entry.item), entry]))
  const extend = ({ line, item }: LabelledLine, category: string, label: 'present' | 'absent') => {
    item.labels[category] = label
    lines[line - 1] = JSON.stringify({ ...JSON.parse(lines[line - 1] ?? ''), labels: item.labels })
  }
  return {
    lines: () => lines,
    items: () => [...ids.values()].map(({ item }) => item),
    add({ item, category }: { item: LabelledItem; category: string }): Adding {
      const content = describeContent(item)
      const twin = contents.get(content) ?? ids.get(item.id)
      const label = item.labels[category] ?? 'absent'
      if (twin === undefined) {
        const entry = { line: lines.push(JSON.stringify(item)), item }
        ids.set(item.id, entry)
        contents.set(content, entry)
        return 'added'
      }
      const there = Object.hasOwn(twin.item.labels, category) ? twin.item.labels[category] : undefined
      // Another completion of the same turn, from another run of the checkpoint: one of them is enough.
      if (describeContent(twin.item) !== content || there === label) return 'known'
      if (there !== undefined) {
        if (twin.line > before) return 'known'
        throw refuseSet({
          where: { file, line: twin.line, field: `labels.${category}` },
          message: `"${twin.item.id}" is labelled ${there} there, and ${label} by this run and what people said of it`,
          remedy: 'decide what it is: correct the set, or the audit (`decide RUN_DIR --audit`)',
        })
      }
      if (twin.item.chosen !== item.chosen) return 'chosen-otherwise'
      extend(twin, category, label)
      return 'extended'
    },
  }
}
