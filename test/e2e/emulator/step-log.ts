import { parseCommand, registeredCommands, type WorkflowCommand } from './commands.ts'
import type { Masks } from './masks.ts'

export type AnnotationLevel = 'error' | 'warning' | 'notice'

/**
 * What the runner shows on the run's page. The message is masked and at most 4,096 characters long; the
 * properties (`file`, `line`, `endline`, `col`, `endcolumn`, `title`) are as parsed: the runner masks only the
 * message.
 */
export type Annotation = { level: AnnotationLevel; message: string; properties: Record<string, string> }

/**
 * What a step's output amounts to. `log` is what GitHub shows; `rawLog` has the lines as they were written,
 * unmasked, without the `add-mask` commands, which show a secret by design. `commands` are those obeyed.
 */
export type StepLog = {
  log: string[]
  rawLog: string[]
  annotations: Annotation[]
  droppedAnnotations: Annotation[]
  commands: WorkflowCommand[]
  outputs: Record<string, string>
  state: Record<string, string>
}

/** `fail` adds an error annotation and makes `failed()` true: the runner refused something. */
export type StepLogWriter = {
  stepLog: StepLog
  readLine: (line: string) => void
  annotate: (annotation: Annotation) => void
  fail: (message: string) => void
  failed: () => boolean
}

/** GitHub keeps ten annotations a level and step; the runner cuts messages (`_maxIssueMessageLength`). */
const annotationsPerLevel = 10
const messageLength = 4096

/**
 * Interprets the lines that an action writes, as the runner's `OutputManager` and `ActionCommandManager` do.
 * Problem matchers and `echo` are recorded as commands and have no effect.
 */
export function createStepLog({ masks, debug }: { masks: Masks; debug: boolean }): StepLogWriter {
  const stepLog: StepLog = {
    log: [],
    rawLog: [],
    annotations: [],
    droppedAnnotations: [],
    commands: [],
    outputs: {},
    state: {},
  }
  const counts: Record<AnnotationLevel, number> = { error: 0, warning: 0, notice: 0 }
  let failed = false

  const write = (line: string) => {
    stepLog.log.push(masks.apply(line))
  }
  const annotate = ({ level, message, properties }: Annotation) => {
    const shown = masks.apply(message).slice(0, messageLength)
    write(`##[${level}]${shown}`)
    counts[level]++
    const list = counts[level] > annotationsPerLevel ? stepLog.droppedAnnotations : stepLog.annotations
    list.push({ level, message: shown, properties })
  }
  const fail = (message: string) => {
    failed = true
    annotate({ level: 'error', message, properties: {} })
  }
  const effects = createEffects({ stepLog, masks, write, annotate, fail, debug })
  const findCommand = createCommandFinder(fail)

  const readLine = (line: string) => {
    const command = findCommand(line)
    if (command?.name !== 'add-mask') stepLog.rawLog.push(line)
    if (command === undefined) return write(line)
    stepLog.commands.push(command)
    const effect = effects[command.name]
    if (effect) effect(command)
    else write(line)
  }
  return { stepLog, readLine, annotate, fail, failed: () => failed }
}

/** Finds the command that is to be obeyed, if any: none is between `stop-commands` and its token. */
function createCommandFinder(fail: (message: string) => void) {
  let resumeToken: string | undefined
  return (line: string): WorkflowCommand | undefined => {
    const known =
      resumeToken === undefined ? registeredCommands : new Set([...registeredCommands, resumeToken])
    const command = parseCommand(line, known)
    if (command === undefined) return undefined
    if (resumeToken !== undefined) {
      if (command.name !== resumeToken) return undefined
      resumeToken = undefined
    } else if (command.name === 'stop-commands') {
      const token = command.data.toLowerCase()
      if (token === '' || token === 'pause-logging' || registeredCommands.has(token)) {
        fail('The token of `stop-commands` must be neither empty nor the name of a command.')
      } else resumeToken = token
    }
    return command
  }
}

type Effects = Omit<StepLogWriter, 'readLine' | 'failed'> & {
  masks: Masks
  write: (line: string) => void
  debug: boolean
}

function createEffects({ stepLog, masks, write, annotate, fail, debug }: Effects) {
  const annotateAt =
    (level: AnnotationLevel) =>
    ({ data, properties }: WorkflowCommand) =>
      annotate({ level, message: data, properties })
  const assignTo =
    (target: Record<string, string>) =>
    ({ name, data, properties }: WorkflowCommand) => {
      if (properties.name) target[properties.name] = data
      else fail(`Required field 'name' is missing in ##[${name}] command.`)
    }
  const refuse = ({ name }: WorkflowCommand) => fail(`The \`${name}\` command is disabled.`)
  const effects: Record<string, (command: WorkflowCommand) => void> = {
    'add-mask': ({ data }) => masks.add(data),
    error: annotateAt('error'),
    warning: annotateAt('warning'),
    notice: annotateAt('notice'),
    debug: ({ data }) => {
      if (debug) write(`##[debug]${data}`)
    },
    group: ({ data }) => write(`##[group]${data}`),
    endgroup: () => write('##[endgroup]'),
    'set-output': assignTo(stepLog.outputs),
    'save-state': assignTo(stepLog.state),
    'set-env': refuse,
    'add-path': refuse,
  }
  return effects
}
