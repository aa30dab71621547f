/** A part of a page that can be left out as a whole. */
export interface Section {
  title: string
  body: string
}

const noteBytes = 2000

/**
 * Puts a page together within `longestBytes` of UTF-8, which is at least as strict as a limit in characters.
 * Sections that don't fit are left out whole, by name, the later ones not being kept out by an earlier one.
 * The head is kept in any case: it has to be short by itself.
 */
export function fitSections(page: {
  head: string
  sections: readonly Section[]
  longestBytes: number
}): string {
  const { head, sections, longestBytes } = page
  const kept = [head]
  const left: string[] = []
  let bytes = Buffer.byteLength(head)
  for (const { title, body } of sections) {
    if (body === '') continue
    const size = Buffer.byteLength(body) + 2
    if (bytes + size > longestBytes - noteBytes) {
      left.push(title)
      continue
    }
    kept.push(body)
    bytes += size
  }
  if (left.length > 0) kept.push(`Left out for length: ${left.join(', ')}. See \`report.html\`.`)
  return `${kept.join('\n\n')}\n`
}
