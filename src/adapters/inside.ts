import { isAbsolute, relative, sep } from 'node:path'

/** Whether a path is a folder or below it, by its words alone: links are the caller's. */
export function isInside(folder: string, path: string): boolean {
  const inside = relative(folder, path)
  return inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside)
}
