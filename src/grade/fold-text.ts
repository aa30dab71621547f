import { normalizeText } from './normalize-text.ts'

/**
 * A text as a reader sees it: compatibility forms are the letters that they stand for, invisible characters are gone, and
 * any white space is one blank.
 */
export function foldText(text: string): string {
  return normalizeText(text, 'NFKC')
    .replaceAll(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
