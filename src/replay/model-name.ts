/**
 * What a provider adds to a name to pin it: a date (`2025-08-07`, `20250807`, `0613`, `2407`), a version (`v2`, `v1.5`,
 * `002`), or `latest`. Another number is none: `ckpt-4-2` is another checkpoint than `ckpt-4`.
 */
const month = '(?:0[1-9]|1[0-2])'
const day = '(?:0[1-9]|[12][0-9]|3[01])'
const pins = [
  `20[0-9]{2}-${month}-${day}`,
  `20[0-9]{2}${month}${day}`,
  `${month}${day}`,
  `2[0-9]${month}`,
  'v[0-9]{1,3}(?:\\.[0-9]{1,3}){0,2}',
  '0[0-9]{2}',
  'latest',
]
const pinAtEnd = new RegExp(`[-@:](?:${pins.join('|')})$`)

/** Whether an answer under this name is the model's: its id as it is, under a path, or pinned to a date or version. */
export function isNameOf(id: string, name: string): boolean {
  return isUnderPath(id, name) || isUnderPath(id, name.replace(pinAtEnd, ''))
}

/** `models/ckpt-42` is `ckpt-42`, and the other way round; where both have an owner it has to be the same. */
function isUnderPath(id: string, name: string): boolean {
  return name === id || (name !== '' && (name.endsWith(`/${id}`) || id.endsWith(`/${name}`)))
}
