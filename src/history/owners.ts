import { posix } from 'node:path'
import ignore from 'ignore'

/** Where GitHub looks for owners, in its order: the first that is there counts. */
export const ownersFiles = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS'] as const

/**
 * The people who own a path, as GitHub reads a CODEOWNERS file: the last line that matches wins, and one without owners
 * takes them away. Logins in lower case, without "@"; teams (`@org/team`) and addresses are left out, as a job's token can't
 * tell who they are.
 *
 * Source: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
 */
export function findOwners(text: string, path: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/(^|\s)#.*$/, '').trim())
  const last = lines.findLast((line) => {
    const [pattern] = line.split(/\s+/)
    return pattern !== undefined && pattern !== '' && matches(pattern, path)
  })
  const [, ...owners] = (last ?? '').split(/\s+/)
  return owners.flatMap((owner) => (/^@[A-Za-z0-9-]+$/.test(owner) ? [owner.slice(1).toLowerCase()] : []))
}

function matches(pattern: string, path: string): boolean {
  // No part of GitHub's syntax.
  if (/^!|\[/.test(pattern)) return false
  // Unlike in a .gitignore, files directly in the folder alone.
  if (pattern.endsWith('/*')) {
    const folder = posix.dirname(path)
    const wanted = pattern.slice(0, -2)
    return wanted === ''
      ? folder === '.'
      : ignore().add(`${wanted}/`).ignores(`${folder}/`) && isDirect(wanted, folder)
  }
  return ignore().add(pattern).ignores(path)
}

// A folder below the one that is named is ignored with it.
function isDirect(wanted: string, folder: string): boolean {
  const parent = posix.dirname(folder)
  return parent === '.' || !ignore().add(`${wanted}/`).ignores(`${parent}/`)
}
