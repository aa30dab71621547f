import type { ChatRequest, Completed, Failed } from '../completion.ts'

/** How a request is written, as servers differ in what they know. */
export interface BodyForm {
  tokensKey: 'max_completion_tokens' | 'max_tokens'
  /** Whether the response format is sent, where a request has one. */
  withFormat: boolean
}

/** A batch as its server describes it. */
export interface BatchState {
  kind: 'batch'
  id: string
  /**
   * `validating`, `in_progress`, `finalizing` and `cancelling` end by themselves in `failed`, `completed`, `expired` or
   * `cancelled` (OpenAI's API reference, "Batch"). Any other word is taken for one that has not ended.
   */
  status: string
  inputFile: string
  outputFile: string | null
  errorFile: string | null
  counts: BatchCounts
  /** Why it was not accepted. */
  errors: readonly BatchError[]
}

/** Requests of a batch. */
export interface BatchCounts {
  total: number
  completed: number
  failed: number
}

/** What is wrong with a file of requests. */
export interface BatchError {
  code: string | null
  /** Of the input file, from 1. */
  line: number | null
  /** Free of secrets, not free of untrusted text. */
  message: string
}

/**
 * Files and batches of an endpoint (OpenAI's Batch API). Never throws for what an endpoint does; every outcome is a value.
 * Each call has a deadline of its own, and is broken off when the signal aborts.
 */
export interface BatchClient {
  /** The address and the body of a request, as they stand on its line. */
  describe(request: ChatRequest, form: BodyForm): { url: string; body: Record<string, unknown> }
  /** Reads the body of an answer. */
  readAnswer(body: unknown): Completed | Failed
  /** Uploads a file of requests. */
  upload(file: UploadedFile, signal: AbortSignal): Promise<{ kind: 'uploaded'; file: string } | Failed>
  create(batch: { inputFile: string; url: string }, signal: AbortSignal): Promise<BatchState | Failed>
  /** The batch that was made of an input file, among the latest; `null` where there is none. */
  find(inputFile: string, signal: AbortSignal): Promise<BatchState | { kind: 'none' } | Failed>
  retrieve(id: string, signal: AbortSignal): Promise<BatchState | Failed>
  cancel(id: string, signal: AbortSignal): Promise<BatchState | Failed>
  /** Reads a file of answers line by line, free of secrets; `undefined` for a line that is no JSON. */
  read(
    file: string,
    onLine: (value: unknown) => void,
    signal: AbortSignal,
  ): Promise<{ kind: 'read' } | Failed>
}

/** A file of requests. */
export interface UploadedFile {
  name: string
  /** Without their ends. */
  lines: Iterable<string>
}

const endedStatuses: readonly string[] = ['failed', 'completed', 'expired', 'cancelled']

/** Whether nothing more happens to a batch. */
export function hasEnded({ status }: BatchState): boolean {
  return endedStatuses.includes(status)
}
