/** From so many combining marks on, normalizing sorts a run in a time that grows with its square. */
const longestRun = 30

/**
 * Unicode normalization in a time that is linear in the text, whatever a model has written: a long run of combining
 * marks is cut by a joiner that shows nothing, as the Stream-Safe Text Process does (Unicode Standard Annex #15).
 */
export function normalizeText(text: string, form: 'NFC' | 'NFKC'): string {
  return text.replaceAll(marks, '$&\u034F').normalize(form)
}

const marks = new RegExp(`\\p{M}{${longestRun}}`, 'gu')

/** Whether every sign of a text is of ASCII: it is seen, or blank, and has one form. */
export function isPlain(text: string): boolean {
  return plain.test(text)
}

const plain = /^[\0-\x7F]*$/
