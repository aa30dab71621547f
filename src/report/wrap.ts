/** No line of a text for a terminal is longer. */
const widest = 120

/** Breaks a line at spaces; what follows is indented further. */
export function wrapLine(text: string, indent = ''): string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    const isFirst = line.trim() === ''
    const longer = isFirst ? line + word : `${line} ${word}`
    if (longer.length > widest && !isFirst) {
      lines.push(line)
      line = `${indent}  ${word}`
    } else line = longer
  }
  return [...lines, line]
}
