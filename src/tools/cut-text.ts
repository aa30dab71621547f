/**
 * A text of at most so many bytes of UTF-8; where some of it is left out, its last line says so in the words of tools that
 * do the same. No letter is cut in two. Cutting again changes nothing.
 */
export function cutText(text: string, mostBytes: number): { text: string; isCut: boolean } {
  // A UTF-16 unit takes at most 3 bytes.
  if (text.length * 3 <= mostBytes) return { text, isCut: false }
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length <= mostBytes) return { text, isCut: false }
  const describe = (kept: number) => `\n[output truncated: ${kept} of ${bytes.length} bytes]`
  let end = Math.max(0, mostBytes - describe(mostBytes).length)
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return { text: bytes.subarray(0, end).toString('utf8') + describe(end), isCut: true }
}
