import { createFiles, createWorkTree, findCorpusFiles, readTextFile } from '../adapters/files.ts'
import { readDatabase, writeDatabase } from '../adapters/tool-files.ts'
import type { Conversation } from '../corpus/conversation.ts'
import { describeCorpus } from '../corpus/describe.ts'
import { type Manifest, parseManifest } from '../corpus/manifest.ts'
import { readCorpus } from '../corpus/read.ts'
import { createStandingCheck, type Exclusion } from '../corpus/standing.ts'
import { noTombstones, readTombstones } from '../corpus/tombstones.ts'
import { GateError } from '../errors.ts'
import type { Files, Log } from '../ports.ts'
import { createDatabaseBuilder } from '../tools/build.ts'
import type { ToolDatabase } from '../tools/database.ts'
import { createHitMeter, type HitRate } from '../tools/hit-rate.ts'
import { formatReport } from './corpus.ts'
import { renderHits, renderTools } from './tool-tables.ts'

/** The words of `corpus tools`. */
export interface ToolsWords {
  /** Paths and patterns below the folder; none with a manifest. */
  paths: string[]
  manifest?: string | undefined
  /** The corpus folder. */
  folder: string
  format?: string | undefined
  shape?: string | undefined
  /** Files whose conversations are only compared with the database. */
  heldOut: string[]
  /** `key=value` of the metadata of conversations that are only compared with it. */
  heldOutWhere: string[]
  out: string
  json: boolean
  /** Where the list of tombstones is that a manifest names. */
  repository: string
  now: Date
  /** Where the shipped rubrics are. */
  rubrics: string
}

/** Builds the database of a corpus's tool calls, and says what it holds and how often held-out calls are in it. */
export async function buildTools(words: ToolsWords, log: Log, print: (text: string) => void): Promise<void> {
  const { folder, manifest, paths, heldOut, heldOutWhere, out, json, rubrics } = words
  if ((manifest === undefined) === (paths.length === 0)) throw refuseSources()
  const conditions = heldOutWhere.map(parseCondition)
  const source = { words, files: createFiles({ corpus: folder, rubrics }), log }
  const corpus =
    manifest === undefined ? await openPaths(source, paths) : await openManifest(source, manifest)
  const others = heldOut.length === 0 ? null : await openPaths(source, heldOut)
  const isHeldOut = createTest(conditions)
  await build({ corpus, out, isHeldOut })
  const leftOut = { ...corpus.leftOut }
  const { database, close } = await readDatabase(out)
  try {
    const parts = { database, corpus: conditions.length === 0 ? null : corpus, others, isHeldOut }
    const hits = parts.corpus === null && others === null ? null : await measureHits(parts)
    if (json) print(JSON.stringify(describe({ database, leftOut, hits }), null, 2))
    else {
      const tables = [
        renderTools(database, { leftOut, folder: out }),
        ...(hits === null ? [] : [renderHits(hits)]),
      ]
      print(tables.join('\n\n'))
    }
  } finally {
    close()
  }
}

interface Source {
  words: ToolsWords
  files: Files
  log: Log
}

/** Conversations that may be replayed, from the beginning each time, and how many others were passed over the last time. */
interface OpenCorpus {
  read(): AsyncGenerator<Conversation>
  leftOut: Record<Exclusion, number>
}

async function openPaths({ words, files, log }: Source, paths: string[]): Promise<OpenCorpus> {
  const { folder, format, shape, now } = words
  const manifest = await describeCorpus({
    name: 'tools',
    paths: await findCorpusFiles(folder, paths),
    files,
    format,
    shape,
    onFile: (report) => log.info(formatReport(report)),
  })
  const check = createStandingCheck({ now, consent: undefined, tombstones: noTombstones })
  return openStanding({ manifest, files, check })
}

async function openManifest({ words, files }: Source, file: string): Promise<OpenCorpus> {
  const manifest = parseManifest({ file, text: await readTextFile(file) })
  const repository = createWorkTree(words.repository)
  const named = { repository, sha: 'work tree', manifest, manifestFile: file }
  const tombstones = await readTombstones(named)
  const check = createStandingCheck({ now: words.now, consent: manifest.consent, tombstones })
  return openStanding({ manifest, files, check })
}

/** Results of calls are what somebody said, as much as messages are: what must not be replayed answers nothing. */
function openStanding(request: {
  manifest: Manifest
  files: Files
  check: ReturnType<typeof createStandingCheck>
}): OpenCorpus {
  const { manifest, files, check } = request
  const leftOut: OpenCorpus['leftOut'] = { erased: 0, 'no-consent': 0, expired: 0 }
  return {
    leftOut,
    async *read() {
      Object.assign(leftOut, { erased: 0, 'no-consent': 0, expired: 0 })
      for await (const conversation of readCorpus(manifest, files)) {
        const { id, user, consent, expires_at: expiresAt } = conversation
        const reason = check({ id, user, consent, expiresAt })
        if (reason === null) yield conversation
        else leftOut[reason] += 1
      }
    },
  }
}

async function build(request: {
  corpus: OpenCorpus
  out: string
  isHeldOut: (conversation: Conversation) => boolean
}): Promise<void> {
  const { corpus, out, isHeldOut } = request
  const writer = await writeDatabase(out)
  try {
    const builder = createDatabaseBuilder(writer)
    for await (const conversation of corpus.read()) {
      if (!isHeldOut(conversation)) await builder.add(conversation)
    }
    await writer.keep(await builder.finish())
  } catch (error) {
    await writer.discard()
    throw error
  }
}

async function measureHits(request: {
  database: ToolDatabase
  /** `null`: none of it is held out. */
  corpus: OpenCorpus | null
  others: OpenCorpus | null
  isHeldOut: (conversation: Conversation) => boolean
}): Promise<HitRate> {
  const { database, corpus, others, isHeldOut } = request
  const meter = createHitMeter(database, 'held-out')
  if (corpus !== null) {
    for await (const conversation of corpus.read()) if (isHeldOut(conversation)) meter.add(conversation)
  }
  if (others !== null) for await (const conversation of others.read()) meter.add(conversation)
  const result = meter.result()
  if (result.conversations === 0) throw refuseNone()
  return result
}

interface Condition {
  key: string
  value: string
}

function parseCondition(text: string): Condition {
  const at = text.indexOf('=')
  if (at > 0) return { key: text.slice(0, at), value: text.slice(at + 1) }
  throw new GateError({
    code: 'usage',
    message: `"${text}" is no key=value`,
    where: { file: '--held-out-where' },
    remedy: 'name a key of the metadata and its value, such as trial=2',
  })
}

/** Whether all that is asked of the metadata of a conversation is so; nothing is asked of none. */
function createTest(conditions: Condition[]): (conversation: Conversation) => boolean {
  return ({ metadata = {} }) =>
    conditions.length > 0 &&
    conditions.every(({ key, value }) => Object.hasOwn(metadata, key) && String(metadata[key]) === value)
}

function describe(found: {
  database: ToolDatabase
  leftOut: OpenCorpus['leftOut']
  hits: HitRate | null
}): object {
  const { database, leftOut, hits } = found
  const { digest, conversations, strayResults, tools } = database
  return {
    digest,
    conversations,
    left_out: { erased: leftOut.erased, no_consent: leftOut['no-consent'], expired: leftOut.expired },
    stray_results: strayResults,
    tools,
    held_out: hits === null ? null : describeHits(hits),
  }
}

function describeHits({ conversations, all, tools }: HitRate): object {
  const rename = ({ sameText, errorsLogged, errorsReplayed, ...counts }: HitRate['all']) => ({
    ...counts,
    same_text: sameText,
    errors_logged: errorsLogged,
    errors_replayed: errorsReplayed,
  })
  return { conversations, all: rename(all), tools: tools.map(rename) }
}

function refuseSources(): GateError {
  return new GateError({
    code: 'usage',
    message: 'the conversations come either from files or from a manifest',
    remedy: 'name files, or --manifest with the manifest of a corpus',
  })
}

function refuseNone(): GateError {
  return new GateError({
    code: 'usage',
    message: 'no conversation is held out',
    remedy:
      'correct --held-out-where: it names a key and a value of metadata; or --held-out, whose files hold none',
  })
}
