// Controls, format characters (zero-width, bidirectional, tags), lone surrogates, invisible letters.
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu

/**
 * Text from outside made inert for one line of any sink: no control, invisible or direction-changing
 * characters, no line ends, no workflow-command markers (`::cmd::`, `##[cmd]`), at most `longest` characters.
 */
export function safeText(text: string, longest = 300): string {
  const flat = text
    .replaceAll(/[\r\n\t\u2028\u2029]+/g, ' ')
    .replaceAll(invisible, '')
    .replaceAll(/:(?=:)/g, ':\u200a')
    .replaceAll('##[', '##\u200a[')
  const points = [...flat]
  return points.length <= longest ? flat : `${points.slice(0, longest - 1).join('')}…`
}

/** Several lines, each made inert. */
export function safeLines(text: string, longest = 300): string {
  return text
    .split(/\r?\n/)
    .map((line) => safeText(line, longest))
    .join('\n')
}
