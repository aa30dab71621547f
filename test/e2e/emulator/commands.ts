/**
 * A workflow command found in a line of output. `form` tells the two notations apart: `::name k=v::data` at the
 * start of a line, and the older `##[name k=v]data`, which the runner obeys wherever in a line it stands.
 * `name` and the keys of `properties` are in lower case: the runner compares them without regard to case.
 */
export type WorkflowCommand = {
  form: '::' | '##['
  name: string
  properties: Record<string, string>
  data: string
}

/** The commands that the runner registers (`IActionCommandExtension` in actions/runner). */
export const registeredCommands: ReadonlySet<string> = new Set([
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
])

/**
 * The command that a line is to the runner, if it is one. Follows `ActionCommand.TryParseV2` and, where that
 * finds nothing, `ActionCommand.TryParse`; a name that isn't registered makes no command.
 */
export function parseCommand(line: string, registered: ReadonlySet<string>): WorkflowCommand | undefined {
  return parseDoubleColon(line, registered) ?? parseBracket(line, registered)
}

function parseDoubleColon(line: string, registered: ReadonlySet<string>): WorkflowCommand | undefined {
  // .NET also trims U+0085, which JavaScript's \s leaves out.
  const text = line.replace(/^[\s\u0085]+/, '')
  if (!text.startsWith('::')) return undefined
  const end = text.indexOf('::', 2)
  if (end < 0) return undefined
  const { name, rest } = splitHead(text.slice(2, end))
  if (!registered.has(name)) return undefined
  const properties = parseProperties({ text: rest.trim(), separator: ',', decode: unescapeProperty })
  return { form: '::', name, properties, data: unescapeData(text.slice(end + 2)) }
}

function parseBracket(line: string, registered: ReadonlySet<string>): WorkflowCommand | undefined {
  const start = line.indexOf('##[')
  const end = start < 0 ? -1 : line.indexOf(']', start)
  if (end < 0) return undefined
  const { name, rest } = splitHead(line.slice(start + 3, end))
  if (!registered.has(name)) return undefined
  const properties = parseProperties({ text: rest, separator: ';', decode: unescapeBracket })
  return { form: '##[', name, properties, data: unescapeBracket(line.slice(end + 1)) }
}

function splitHead(head: string): { name: string; rest: string } {
  const space = head.indexOf(' ')
  if (space < 0) return { name: head.toLowerCase(), rest: '' }
  return { name: head.slice(0, space).toLowerCase(), rest: head.slice(space + 1) }
}

type Properties = { text: string; separator: string; decode: (text: string) => string }

function parseProperties({ text, separator, decode }: Properties): Record<string, string> {
  const properties: Record<string, string> = {}
  for (const part of text.split(separator)) {
    const equals = part.indexOf('=')
    if (equals <= 0 || equals === part.length - 1) continue
    properties[part.slice(0, equals).toLowerCase()] = decode(part.slice(equals + 1))
  }
  return properties
}

function unescapeData(text: string): string {
  return replaceInOrder(text, [
    ['%0D', '\r'],
    ['%0A', '\n'],
    ['%25', '%'],
  ])
}

function unescapeProperty(text: string): string {
  return replaceInOrder(text, [
    ['%0D', '\r'],
    ['%0A', '\n'],
    ['%3A', ':'],
    ['%2C', ','],
    ['%25', '%'],
  ])
}

function unescapeBracket(text: string): string {
  return replaceInOrder(text, [
    ['%3B', ';'],
    ['%0D', '\r'],
    ['%0A', '\n'],
    ['%5D', ']'],
    ['%25', '%'],
  ])
}

// `%25` comes last, as in the runner: `%250A` is then a literal `%0A`.
function replaceInOrder(text: string, pairs: [string, string][]): string {
  return pairs.reduce((replaced, [escaped, token]) => replaced.replaceAll(escaped, token), text)
}
