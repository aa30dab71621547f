import { isPlain, normalizeText } from './normalize-text.ts'

/**
 * A text as a reader sees it: compatibility forms are the letters that they stand for, invisible characters are gone, and
 * any white space is one blank.
 */
export function foldText(text: string): string {
  const shown = isPlain(text)
    ? text
    : normalizeText(text, 'NFKC').replaceAll(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
  return shown.replaceAll(blanks, ' ').trim()
}

/** White space but for a single blank, which is in its one form already: most of a text's white space are such. */
const blanks = /(?! (?!\s))\s+/g
