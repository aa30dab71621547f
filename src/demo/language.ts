export const languages = ['en', 'de', 'es', 'fr'] as const
export type Language = (typeof languages)[number]

// Frequent function words that the other three languages don't share.
const functionWords: Readonly<Record<Language, ReadonlySet<string>>> = {
  en: new Set('the of to and is it my for with that how what can you i do are this was have'.split(' ')),
  de: new Set('der die das und ist ich nicht ein eine mein meine wie kann für mit auf bitte zu'.split(' ')),
  es: new Set('el los una y es mi cómo qué puedo para con por hay está quiero del al se lo'.split(' ')),
  fr: new Set('le les des et est mon ma je comment pour avec dans une du puis pas vous sur il'.split(' ')),
}

/** The language of a text by its function words; English where it has none. */
export function detectLanguage(text: string): Language {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? []
  const count = (language: Language) => words.filter((word) => functionWords[language].has(word)).length
  let best: Language = 'en'
  for (const language of languages) if (count(language) > count(best)) best = language
  return best
}
