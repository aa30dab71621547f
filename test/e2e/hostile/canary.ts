import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type ActionRun, defaultToken } from '../emulator/runner.ts'
import type { World } from '../world.ts'
import type { Connection } from './sockets.ts'

/** A secret that its own server may see, in the `Authorization` header, and nobody else anywhere. */
export type Canary = { name: string; value: string; urls: readonly string[]; scheme: 'Bearer' | 'token' }

/** With what JSON, URLs and base64 each write in another way. */
export const keys = {
  CHECKPOINT_GATE_KEY_BASELINE: 'sk-canary/baseline+"4f1c"\\90==e7',
  CHECKPOINT_GATE_KEY_CANDIDATE: 'sk-canary/candidate+"b82d"\\17==c3',
  CHECKPOINT_GATE_KEY_JUDGE: 'sk-canary/judge+"66aa"\\05==d1',
}

/** Where the secrets belong: the addresses of each endpoint and of GitHub, in all worlds of a test. */
export type Homes = { baseline: string[]; candidate: string[]; judge: string[]; github: string[] }

/** The three keys at the endpoints' addresses, and the token at GitHub's. */
export function nameCanaries(homes: Homes): Canary[] {
  const endpoint = (name: Exclude<keyof Homes, 'github'>): Canary => ({
    name: `key of ${name}`,
    value: keys[`CHECKPOINT_GATE_KEY_${name.toUpperCase()}` as keyof typeof keys],
    urls: homes[name],
    scheme: 'Bearer',
  })
  return [
    endpoint('baseline'),
    endpoint('candidate'),
    endpoint('judge'),
    { name: 'token', value: defaultToken, urls: homes.github, scheme: 'token' },
  ]
}

function isHome({ urls }: Canary, port: number): boolean {
  return urls.some((url) => Number(new URL(url).port) === port)
}

/** How a text may be written: as it is, in JSON, in a URL, in hex, and in base64 wherever it begins. */
export function listForms(value: string): Record<string, string> {
  const base64 = [0, 1, 2].map((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)])
    // What the neighbouring bytes would change, at both ends, is left out.
    const whole = bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64')
    return [`base64 at ${offset}`, whole.slice(offset === 0 ? 0 : 4)] as const
  })
  return {
    plain: value,
    json: JSON.stringify(value).slice(1, -1),
    'json twice': JSON.stringify(JSON.stringify(value).slice(1, -1)).slice(1, -1),
    url: encodeURIComponent(value),
    html: value.replaceAll('"', '&quot;'),
    hex: Buffer.from(value).toString('hex'),
    ...Object.fromEntries(base64),
    ...Object.fromEntries(base64.map(([name, text]) => [name.replace('base64', 'base64url'), toUrl(text)])),
  }
}

function toUrl(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_')
}

/**
 * Where a canary is seen that must not be: `key of judge (url) in file _temp/x`. Looks into every socket, into all
 * files that the run has left below the runner's folder and `folders`, the artifacts' files, the log before masking,
 * annotations, outputs, summary and comments.
 */
export async function findCanaries(search: {
  canaries: readonly Canary[]
  world: World
  run: ActionRun
  connections: readonly Connection[]
  folders?: readonly string[] | undefined
}): Promise<string[]> {
  const places = [...(await listPlaces(search)), ...listSocketPlaces(search)]
  return search.canaries.flatMap(({ name, value }) =>
    Object.entries(listForms(value)).flatMap(([form, text]) =>
      places
        .filter((place) => place.text.includes(text))
        .map((place) => `${name} (${form}) in ${place.name}`),
    ),
  )
}

type Place = { name: string; text: string }

async function listPlaces(search: Parameters<typeof findCanaries>[0]): Promise<Place[]> {
  const { world, run, folders = [] } = search
  const { rawLog, summary, outputs, annotations, droppedAnnotations, commands, env, state } = run
  const values = { outputs, annotations, droppedAnnotations, env, state }
  const roots = [dirname(run.temp), ...folders]
  // The toolkit hands a secret to the runner in a command that is not shown.
  const shown = commands.filter(({ name }) => name !== 'add-mask')
  const artifacts = [...new Set(world.results.artifacts().map(({ name }) => name))]
  return [
    { name: 'log', text: rawLog },
    { name: 'summary', text: summary },
    ...Object.entries({ ...values, commands: shown }).map(([name, value]) => ({
      name,
      text: JSON.stringify(value),
    })),
    ...world.github.comments.map(({ id, body }) => ({ name: `comment ${id}`, text: body })),
    ...artifacts.flatMap((artifact) =>
      Object.entries(world.results.readArtifact(artifact) ?? {}).map(([file, content]) => ({
        name: `artifact ${artifact}/${file}`,
        text: `${file}\n${content.toString('latin1')}`,
      })),
    ),
    ...(await Promise.all(roots.map(readTree))).flat(),
  ]
}

async function readTree(root: string): Promise<Place[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(
    files.map(async (file) => ({
      name: `file ${file}`,
      text: `${file}\n${await readFile(file, 'latin1')}`,
    })),
  )
}

/** What each server was sent, without the header in which it may see its own. */
function listSocketPlaces({ canaries, connections }: Parameters<typeof findCanaries>[0]): Place[] {
  return connections.map(({ port, received }) => {
    const own = canaries.filter((canary) => isHome(canary, port))
    const text = own.reduce(
      (rest, { scheme, value }) =>
        rest
          .replaceAll(`\r\nauthorization: ${scheme} ${value}\r\n`, '\r\n')
          .replaceAll(`\r\nAuthorization: ${scheme} ${value}\r\n`, '\r\n'),
      received.toString('latin1'),
    )
    return { name: `the socket of port ${port}`, text }
  })
}

/** How often each canary came to its own server in its own header: none that is never sent can be well kept. */
export function countSent(canaries: readonly Canary[], connections: readonly Connection[]): number[] {
  return canaries.map((canary) => {
    const { scheme, value } = canary
    const own = connections.filter(({ port }) => isHome(canary, port))
    // Header names are sent in either case.
    const header = `uthorization: ${scheme} ${value}\r\n`
    return own.reduce(
      (count, { received }) => count + received.toString('latin1').split(header).length - 1,
      0,
    )
  })
}
