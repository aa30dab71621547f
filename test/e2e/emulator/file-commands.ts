/**
 * Parses the content of `GITHUB_OUTPUT`, `GITHUB_ENV` or `GITHUB_STATE`: lines of `name=value`, and
 * `name<<DELIMITER` with a value of several lines up to the delimiter's own line. A later value replaces an
 * earlier one.
 *
 * @throws Error with the runner's own words, upon which the runner fails the step
 */
export function parseFileCommand(text: string): Record<string, string> {
  const parsed: Record<string, string> = {}
  const lines = text.split('\n')
  // What ends in a newline has no further, empty line: a delimiter can't be found there.
  if (lines.at(-1) === '') lines.pop()
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    if (line === '') continue
    const equals = line.indexOf('=')
    const heredoc = line.indexOf('<<')
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      if (equals === 0) throw new Error(`Invalid format '${line}'. Name must not be empty`)
      parsed[line.slice(0, equals)] = line.slice(equals + 1)
      continue
    }
    if (heredoc < 0) throw new Error(`Invalid format '${line}'`)
    const delimiter = line.slice(heredoc + 2)
    if (heredoc === 0 || delimiter === '') {
      throw new Error(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`)
    }
    const end = lines.indexOf(delimiter, index + 1)
    if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`)
    parsed[line.slice(0, heredoc)] = lines.slice(index + 1, end).join('\n')
    index = end
  }
  return parsed
}
