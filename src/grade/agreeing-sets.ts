import {
  describeContent,
  findContradiction,
  type LabelledItem,
  type LabelledSet,
  refuseSet,
} from './labelled-set.ts'

/**
 * Checks sets that are graded together. An item may stand in several, under one id, as long as they agree on what it is.
 * @throws GateError for an id that stands for two items, and for an item that is labelled in one category twice, by
 * two ids or in two ways
 */
export function requireAgreement(sets: readonly LabelledSet[]): void {
  const ids = new Map<string, { file: string; item: LabelledItem }>()
  const contents = new Map<string, { file: string; item: LabelledItem }>()
  for (const { file, items } of sets) {
    for (const item of items) {
      const content = describeContent(item)
      const namesake = ids.get(item.id)
      if (namesake !== undefined && describeContent(namesake.item) !== content) {
        throw refuseSet({
          where: { file, field: 'id' },
          message: `the id "${item.id}" stands for another item in ${namesake.file}`,
          remedy: 'give each item its own id, for example with the name of its set before it',
        })
      }
      const twin = contents.get(content)
      if (twin !== undefined) requireSameLabels({ item, file, twin })
      ids.set(item.id, { file, item })
      contents.set(content, { file, item: { ...item, labels: { ...twin?.item.labels, ...item.labels } } })
    }
  }
}

function requireSameLabels(request: {
  item: LabelledItem
  file: string
  twin: { file: string; item: LabelledItem }
}): void {
  const { item, file, twin } = request
  const isSame = item.id === twin.item.id
  const name = isSame ? `"${item.id}"` : `"${item.id}", which is "${twin.item.id}" of ${twin.file},`
  const contrary = findContradiction(item, twin.item)
  if (contrary !== null) {
    throw refuseSet({
      where: { file, field: `labels.${contrary}` },
      message: `${name} is labelled otherwise ${isSame ? `in ${twin.file}` : 'there'}`,
      remedy: 'decide what it is, and correct the other',
    })
  }
  const both = Object.keys(item.labels).find((category) => Object.hasOwn(twin.item.labels, category))
  if (isSame || both === undefined) return
  throw refuseSet({
    where: { file, field: `labels.${both}` },
    message: `${name} would count twice`,
    remedy: 'keep one of them',
  })
}
