const number = String.raw`\d+(?:\.\d+)?`
const sum = new RegExp(`${number}(?: [-+*/] ${number})+`)

/** The first sum that is written out in a text, such as `3 * 94.5 + 27`; undefined where there is none. */
export function findSum(text: string): string | undefined {
  return sum.exec(text)?.[0]
}

/** What a sum comes to, rounded to six places; undefined for what is no sum. */
export function workOut(expression: string): number | undefined {
  if (findSum(expression) !== expression) return undefined
  const total = expression
    .replaceAll(' - ', ' + -')
    .split(' + ')
    .map(multiply)
    .reduce((left, right) => left + right, 0)
  return Number(total.toFixed(6))
}

/** A term such as `-3 * 4 / 2`. */
function multiply(term: string): number {
  const [first = '', ...rest] = term.split(/ (?=[*/] )/)
  return rest.reduce((product, step) => {
    const factor = Number(step.slice(2))
    return step.startsWith('*') ? product * factor : product / factor
  }, Number(first))
}
