import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

const inputSchema = z.looseObject({
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
})

const actionSchema = z.looseObject({
  inputs: z.record(z.string(), inputSchema.nullable()).default({}),
  outputs: z.record(z.string(), z.unknown()).default({}),
  runs: z.looseObject({ using: z.literal('node24'), main: z.string() }),
})

/** An action's metadata: `main` is the path of its entry point, defaults are still expressions. */
export type Action = { main: string; defaults: Record<string, string>; outputs: string[] }

/** Reads `action.yml`. Only `using: node24` is emulated. */
export async function readAction(actionDir: string): Promise<Action> {
  const text = await readFile(resolve(actionDir, 'action.yml'), 'utf8')
  const { inputs, outputs, runs } = actionSchema.parse(parse(text))
  const defaults = Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, String(input?.default ?? '')]),
  )
  return { main: resolve(actionDir, runs.main), defaults, outputs: Object.keys(outputs) }
}

type InputValues = {
  action: Action
  inputs: Record<string, string>
  /** The value of `github.<name>`. */
  github: (name: string) => string | undefined
}

/**
 * The `INPUT_*` variables: names in upper case, spaces as underscores, hyphens as they are. An input without a
 * default is there and empty. `unexpected` names the given inputs that the action doesn't declare, which the
 * runner passes on all the same, with a warning.
 */
export function resolveInputs({ action, inputs, github }: InputValues): {
  variables: Record<string, string>
  unexpected: string[]
} {
  const given = new Map(Object.entries(inputs).map(([name, value]) => [name.toLowerCase(), value]))
  const declared = new Map(
    Object.entries(action.defaults).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const variables: Record<string, string> = {}
  for (const name of new Set([...declared.keys(), ...given.keys()])) {
    const value = given.get(name) ?? evaluateDefault(declared.get(name) ?? '', github)
    variables[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] = value
  }
  return { variables, unexpected: [...given.keys()].filter((name) => !declared.has(name)) }
}

// Defaults may use the `github` context; a reference to a property is all of the expression language here.
function evaluateDefault(text: string, github: InputValues['github']): string {
  return text.replace(/\$\{\{(.*?)\}\}/g, (expression, body: string) => {
    const name = /^ *github\.(\w+) *$/.exec(body)?.[1]
    if (name === undefined) throw new Error(`the emulator can't evaluate ${expression}`)
    return github(name) ?? ''
  })
}
