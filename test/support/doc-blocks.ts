import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { root } from './shared.ts'

/** A fenced block of a page. */
export interface DocBlock {
  page: string
  language: string
  /** Of the fence, from 1. */
  line: number
  text: string
}

/** The fenced blocks of a page, in order. */
export function listDocBlocks(page: string): DocBlock[] {
  const text = readFileSync(resolve(root, page), 'utf8')
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    language: match[1] ?? '',
    line: text.slice(0, match.index).split('\n').length,
    text: match[2] ?? '',
  }))
}

/** A step of a workflow. */
export interface WorkflowStep {
  id?: string
  uses?: string
  run?: string
  with?: Record<string, string>
  env?: Record<string, string>
}

/** A job of a workflow. */
export interface WorkflowJob {
  permissions?: Record<string, string>
  environment?: string
  needs?: string
  if?: string
  outputs?: Record<string, string>
  steps: WorkflowStep[]
}

/** A workflow, as far as the tests read it. */
export interface Workflow {
  name: string
  on: string[] | Record<string, unknown>
  permissions: Record<string, string>
  concurrency?: { group: string; 'cancel-in-progress'?: boolean }
  jobs: Record<string, WorkflowJob>
}

/** Whether a step runs the gate. */
export function isGateStep({ uses }: WorkflowStep): boolean {
  return uses?.startsWith('OWNER/checkpoint-gate@') ?? false
}

/** The names of a workflow's events. */
export function listEvents({ on }: Workflow): string[] {
  return Array.isArray(on) ? on : Object.keys(on)
}
