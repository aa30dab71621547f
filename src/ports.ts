import type { BatchClient, BatchCounts } from './replay/batch/client.ts'
import type { ChatRequest, Completed, Exchange, Failed, Posted, PostRequest } from './replay/completion.ts'
import type { Probe, ProbeRequest } from './replay/probe.ts'
import type { Shard } from './shards/shard.ts'
import type { ToolDatabase } from './tools/database.ts'

/** The two sides of a comparison. */
export type Arm = 'baseline' | 'candidate'

/** Where completions come from: an endpoint asked now, or a file of answers by its SHA-256. */
export type ModelSource = { kind: 'live' } | { kind: 'recorded'; sha256: string }

/** A model behind an endpoint. Never throws for what an endpoint does; every outcome is a value. */
export interface ModelClient {
  readonly source: ModelSource
  /** The address without path, userinfo and query, for messages. */
  readonly origin: string
  /** `exchange`: who counts requests, and heeds what headers say; without it nobody does. */
  complete(request: ChatRequest, signal: AbortSignal, exchange?: Exchange): Promise<Completed | Failed>
  /** Asks an address under the endpoint's that is no chat: a moderation, or a classifier. */
  post(request: PostRequest, signal: AbortSignal, exchange?: Exchange): Promise<Posted | Failed>
  /** Asks what the endpoint says that it serves. A recording serves nothing. */
  probe?(request: ProbeRequest, signal: AbortSignal): Promise<Probe>
  /** Its files and batches. A recording has none. */
  connectBatches?(): Promise<BatchClient>
}

/** Text files of the repository at one commit. `null` where nothing is at that path. */
export interface RepositoryFiles {
  read(sha: string, path: string): Promise<string | null>
  /** The names of the files directly in a folder, sorted. */
  list(sha: string, folder: string): Promise<string[] | null>
}

/** What two states of the repository differ in. */
export interface RepositoryChanges {
  /**
   * Paths in a folder at the top of the repository that are not the same in both, sorted; those of folders that differ
   * may stand for what is in them. Rejects with GateError when it can't be told.
   */
  list(from: string, to: string, folder: string): Promise<string[]>
}

/** Files outside the repository: the corpus, the shipped rubrics, the run directory. */
export interface Files {
  /**
   * The bytes of a corpus file, in order; with `last`, only so many from its end. Rejects with GateError when it can't be
   * opened.
   */
  openCorpusFile(path: string, range?: { last: number }): AsyncIterable<Uint8Array>
  /**
   * The bytes of stretches of a corpus file, which are ascending and apart, one after the other. Who can't open it anywhere
   * but at its beginning leaves it out.
   */
  openCorpusStretches?(
    path: string,
    stretches: readonly { start: number; end: number }[],
  ): AsyncIterable<Uint8Array>
  /** A place for what does not fit into memory, which is gone with the process. Left out: there is none. */
  openScratch?: () => Scratch
  /**
   * A database of tool calls beside the corpus. Rejects with GateError where there is none, or not as it was written. Left
   * out: there are none.
   */
  openToolDatabase?(folder: string): Promise<{ database: ToolDatabase; close(): void }>
  /** The text of a shipped rubric; `null` when there is none of that name. */
  readBuiltinRubric(id: string): Promise<string | null>
}

/** Bytes on a disk that nobody else sees. */
export interface Scratch {
  /** Where they are then. */
  append(bytes: Uint8Array): number
  read(position: number, length: number): Uint8Array
}

/** The folder that a run writes to. */
export interface RunDirectory {
  readonly path: string
  read(name: string): Promise<string | null>
  /** The lines of a file without their ends; nothing when the file does not exist. */
  readLines(name: string): AsyncIterable<string>
  /** Replaces a file as a whole: a reader sees the old or the new text. */
  write(name: string, lines: Iterable<string>): Promise<void>
  /** Opens a file for appending; a line is on disk when its promise resolves. */
  openAppend(name: string): Promise<LineAppender>
  /** Where is kept what was read of it and does not fit into memory; without it, all is held there. */
  openScratch?: () => Scratch
}

/** Appends whole lines to one file. */
export interface LineAppender {
  append(line: string): Promise<void>
  close(): Promise<void>
}

/** Comments of the pull request at hand. */
export interface PullRequest {
  /** Replaces our comment's text, or creates it where wanted. `null`: there is none, and none was wanted. */
  publishComment(body: string, options: { create: boolean }): Promise<{ url: string } | null>
}

/** The job's summary page. */
export interface JobSummary {
  write(markdown: string): Promise<void>
}

/** Files kept with the workflow run. */
export interface Artifacts {
  upload(request: { name: string; folder: string; files: string[] }): Promise<void>
}

/** What attempts are kept under. */
export interface HistoryKey {
  /** The file that holds the checkpoint's id. */
  pointerFile: string
  candidate: string
}

/** An attempt as it was kept. */
export interface KeptAttempt {
  run: { id: string; attempt: number }
  /** By the clock of who keeps it, ISO 8601. */
  startedAt: string
  /** The text of `attempt.json`; `null` where it can't be read any more. */
  start: string | null
  /** What it ended with; `null` where it has not. `gone`: it ended, and its files can't be had any more. */
  end: { kind: 'there'; id: number } | { kind: 'gone' } | null
  /** Why what it left can't stand for another run; empty where it can. */
  doubts: string[]
}

/** A push to the branch under test. */
export interface Push {
  /** By the clock of who keeps it, ISO 8601. */
  at: string
  /** The commit that the branch was at afterwards. */
  sha: string
  forced: boolean
}

/** Who approved the change under test. */
export interface Reviews {
  /**
   * Logins of those whose last review approves the very commit under test; none where no pull request is judged. Rejects
   * with GateError when it can't be told.
   */
  listApprovers(): Promise<string[]>
}

/** Attempts on a candidate, each kept where no later one can overwrite it. */
export interface History {
  /** The earliest first. Rejects with GateError when they can't be told. */
  list(key: HistoryKey): Promise<KeptAttempt[]>
  /** Keeps that this run begins to measure, before its first request. Rejects when that fails. */
  begin(key: HistoryKey, text: string): Promise<void>
  /** The files that an attempt ended with. Rejects with GateError when they can't be had. */
  openEnd(end: { id: number }): Promise<RunDirectory>
  /** Pushes to the branch under test after a time, the earliest first; none where no branch is under test. */
  listPushes(since: string): Promise<Push[]>
}

/** What the jobs that measure a plan together have left, each in a directory of its own. */
export interface Shards {
  /** Of each shard of this run the newest. Rejects with GateError when they can't be had. */
  list(key: HistoryKey): Promise<{ shard: Shard; directory: RunDirectory }[]>
}

/** A baseline that an earlier run has kept, as far as it is known without being opened. */
export interface KeptBaseline {
  id: number
  /** Who kept it; `id: null` where that can't be told. */
  run: { id: string | null; attempt: number }
  /** By the clock of who keeps it, ISO 8601. */
  keptAt: string
  /** How large it is: the more turns, the larger. */
  bytes: number
  /** Why it can't be reused; `null` where nothing speaks against it yet. */
  doubt: string | null
}

/** What earlier runs have kept of their baselines, so that a later one need not ask for it again. */
export interface Baselines {
  /** Somebody has named it for this run: policy has to let it be reused. */
  readonly named?: boolean
  /** Those with a key (`digestBaseline`) that were kept since a time. Rejects with GateError when they can't be told. */
  list(request: { key: string; since: Date }): Promise<KeptBaseline[]>
  /** Its files; `refused`: why they can't be reused, in words that follow the run's name. Rejects with GateError. */
  open(
    kept: KeptBaseline,
  ): Promise<{ kind: 'there'; directory: RunDirectory } | { kind: 'refused'; why: string }>
}

/** Time, as an argument. */
export interface Clock {
  /** Milliseconds that only ever grow: for deadlines and durations. */
  monotonicMs(): number
  now(): Date
  /** Resolves after a time, or rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Progress and findings for whoever watches. Texts are made safe by the implementation. */
export interface Log {
  info(text: string): void
  warning(text: string): void
  progress(state: Progress): void
}

/** How far a measurement is. */
export interface Progress {
  done: number
  planned: number
  requests: number
  failures: number
  costUsd: number | null
  elapsedMs: number
  /** What batches say of their requests, all of them together; left out where there are none. */
  batches?: BatchCounts
}
