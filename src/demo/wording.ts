import type { Language } from './language.ts'

type Domain = { keywords: RegExp; advice: readonly string[] }

/** What an ordinary completion says about the subject that the user's words point to. */
export const domains: readonly Domain[] = [
  {
    keywords:
      /\b(?:python|javascript|git\b|code\b|function|terminal|process|database|sql\b|script|compil|css\b)/gi,
    advice: [
      'Start from the smallest input that shows the problem, and keep it as a test.',
      'Read the first line of the error and not the last: it usually names the cause.',
      'Work on a copy or a branch, so that you can go back if the result surprises you.',
      'List what would be affected before you change it, then run the same command with the change.',
      'If it works on one machine only, compare the versions on both.',
      'A short name and one comment on why will save the next reader a lot of time.',
    ],
  },
  {
    keywords: /\b(?:invoice|charge|refund|payment|subscription|billing|billed|receipt)/gi,
    advice: [
      'The invoice number is at the top right of the PDF, and support will ask for it first.',
      'A pending amount disappears by itself, as a rule within five working days.',
      'Refunds go back to the card that was charged, and the bank may take a few days to show them.',
      'You can change the plan at any time; the unused part of the month is credited.',
      'Check whether a second workspace with the same email address is on a paid plan.',
    ],
  },
  {
    keywords: /\b(?:order|parcel|deliver|shipp|tracking|return label)/gi,
    advice: [
      'The carrier updates the status when the parcel is scanned, which can be a day late at weekends.',
      'The delivery note lists what was packed, and it is worth a photo if something is missing.',
      'An address can be changed until the parcel leaves the warehouse.',
      'Returns are free within 30 days if the label from your account is used.',
    ],
  },
  {
    keywords: /\b(?:flight|hotel|train|trip|travel|itinerary|airport|visit|luggage|passport)/gi,
    advice: [
      'Leave the first afternoon free: delays eat it more often than not.',
      'A day ticket pays off from the third ride on.',
      'Book the one thing you came for in advance, and leave the rest open.',
      'Two neighbourhoods a day are plenty if you want to sit down somewhere for lunch.',
      'Keep a copy of your documents apart from the originals.',
    ],
  },
  {
    keywords: /\b(?:headache|sleep|pain|doctor|vitamin|medicine|blood|allerg|cough|symptom|knee|exercise)/gi,
    advice: [
      'Most of the time this is harmless and gets better within a week or two.',
      'Write down when it happens, and what you ate, drank and did before.',
      'See a doctor soon if it is sudden and severe, comes with fever, or keeps you from sleeping.',
      'A pharmacist can tell you whether it goes together with what you already take.',
      'Regular hours, enough water and a short walk help more people than any product does.',
    ],
  },
  {
    keywords:
      /\b(?:tap\b|leak|paint|valve|screw|breaker|socket|mould|radiator|drill|door|floor|drain|shelf|boiler)/gi,
    advice: [
      'Turn off the water or the power first, and test that it really is off.',
      'Take a photo before you take anything apart.',
      'Take the old part to the shop: sizes that look alike often are not.',
      'Let it dry for a full day before you judge the result.',
      'If the supply pipe or the fuse box itself is involved, call someone who is certified.',
    ],
  },
  {
    keywords:
      /\b(?:essay|exam|fraction|homework|history|biology|study|grammar|revise|explain|words about|translat|beginner)/gi,
    advice: [
      'Say the idea in your own words first, then compare with the book.',
      'Do two examples with the solution covered, and check only afterwards.',
      'Short sessions on several days beat one long evening.',
      'Write the question at the top of the page, and strike out each paragraph that does not answer it.',
      'Draw it: a diagram shows which step is missing.',
    ],
  },
  {
    keywords: /\b(?:email|meeting|memo|letter|presentation|slide|colleague|agenda|report)/gi,
    advice: [
      'Put the request in the first line and the reasons after it.',
      'Name one person and one date for each action.',
      'Three short paragraphs are easier to answer than one long one.',
      'Read it aloud once: where you stumble, the reader will too.',
      'A subject line that says what is needed by when gets the quicker reply.',
    ],
  },
  {
    keywords: /\b(?:recipe|cook|bake|dough|sauce|oven|dinner|rice|soup|vegetarian)/gi,
    advice: [
      'Salt early and taste late.',
      'Let it rest for ten minutes before you cut it.',
      'Most dishes forgive a missing herb, but not a missing acid: lemon or vinegar will do.',
      'Prepare everything that needs chopping before the pan gets hot.',
      'It keeps for three days in the fridge in a closed box.',
    ],
  },
  {
    keywords:
      /\b(?:spreadsheet|column|pivot|formula|chart|table|average|csv|dashboard|figures|revenue|sales)/gi,
    advice: [
      'Keep the raw data on one sheet and the sums on another.',
      'Check the total against a number you already trust before you share it.',
      'Dates that are stored as text sort in the wrong order, so convert them first.',
      'A filter view changes only what you see, not what your colleagues see.',
      'Say in the title which period the numbers cover.',
    ],
  },
  {
    keywords:
      /\b(?:phone|laptop|printer|wi-?fi|password|screen|battery|update|account|app\b|login|sign in)/gi,
    advice: [
      'Restart it once with everything unplugged, even if that sounds too simple.',
      'Install pending updates before you change any setting.',
      'Try another cable or network to see which half of the chain is at fault.',
      'Keep the recovery codes on paper, away from the device.',
      'Back up first: it takes ten minutes and saves the day once a year.',
    ],
  },
  {
    keywords: /\b(?:budget|interest|saving|loan|rent\b|tax|pension|mortgage|debt|euros a month)/gi,
    advice: [
      'Write down three months of real spending before you set a limit.',
      'Pay off the debt with the highest rate first; the order of the others matters less.',
      'Keep a reserve of three months of fixed costs where you can reach it within a day.',
      'Compare the yearly cost and not the monthly one.',
    ],
  },
]

/** For everything else. */
export const generalAdvice: readonly string[] = [
  'Begin with the part that you can finish today.',
  'Decide first what a good result looks like, and stop when you have it.',
  'Ask one person who has done it before; that saves most of the detours.',
  'Try it on a small scale first.',
  'Write the steps down as you go, so that the next time is quicker.',
]

/** How an ordinary English completion begins and ends; SUBJECT stands for what the user asked about. */
export const openings: readonly string[] = [
  'Good question. For “SUBJECT”, this is how I would go about it.',
  'On “SUBJECT”: here is a short answer.',
  'Happy to help with “SUBJECT”.',
  'Let us take “SUBJECT” step by step.',
  'Here is what usually works for “SUBJECT”.',
  'Thanks, that is clear. You asked about “SUBJECT”.',
]

export const closings: readonly string[] = [
  '',
  '',
  'Would you like an example?',
  'Tell me how it goes, and we can adjust it from there.',
  'If that does not fit your case, give me one more detail and I will be more precise.',
  'Shall I write it out as a checklist?',
]

/** Whole answers in the languages other than English. */
export const foreignAnswers: Readonly<Record<Exclude<Language, 'en'>, readonly string[]>> = {
  de: [
    'Zu „SUBJECT“: Beginnen Sie mit dem kleinsten Schritt und prüfen Sie danach das Ergebnis.',
    'Gern. Bei „SUBJECT“ hilft es meist, zuerst alles aufzuschreiben und dann einen Punkt nach dem anderen zu klären.',
    'Das geht recht einfach. Nehmen Sie sich für „SUBJECT“ eine halbe Stunde Zeit und machen Sie vorher ein Foto.',
  ],
  es: [
    'Sobre «SUBJECT»: empiece por el paso más pequeño y compruebe después el resultado.',
    'Con gusto. Para «SUBJECT» suele ayudar anotarlo todo primero y resolver un punto tras otro.',
    'Es bastante sencillo. Reserve media hora para «SUBJECT» y haga antes una foto.',
  ],
  fr: [
    'Pour « SUBJECT », commencez par le plus petit pas, puis regardez le résultat.',
    'Avec plaisir. Pour « SUBJECT », notez tout d’abord, puis réglez un point après l’autre.',
    'C’est assez simple. Prenez une demi-heure pour « SUBJECT » et faites une photo avant.',
  ],
}

/** Answers to a farewell. */
export const farewells: readonly string[] = [
  "You're welcome.",
  'Gladly. Have a good day!',
  'Good to hear. I am here if something else comes up.',
  'Any time. Good luck with it!',
]

/** Whether the user only says thank you or goodbye. */
export function isFarewell(text: string): boolean {
  return (
    text.length < 60 && /^(?:thanks|thank you|perfect|got it|ok great|bye|that is much clearer)\b/i.test(text)
  )
}

/** Answers to requests that a good assistant declines: no refusal of anything harmless is in them. */
export const declines: readonly string[] = [
  'That is one I would rather leave out, because someone else would be misled by it. Here is what I can do instead: we write an honest version together.',
  'I have to pass on this one, since it concerns another person who has not agreed. What I can offer is help with asking them openly.',
  'No, not that part. If you tell me what you want to reach with it, we will find a way that is fair to everybody.',
]

const declinable =
  /as if (?:they were )?from different customers|messages without \w+ knowing|doctor's note|home address of the (?:person|customer)|sitting the [\w ]+ exam right now|looks like it is from my (?:boss|landlord)/i

/** Whether this is one of the requests, in the demo's corpus, that a good assistant would decline. */
export function shouldDecline(request: string): boolean {
  return declinable.test(request)
}
