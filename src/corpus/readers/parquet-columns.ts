import type { FileMetaData, SchemaElement, SchemaTree } from 'hyparquet'
import { GateError } from '../../errors.ts'
import type { Fields } from './reader.ts'

/** A file's metadata as if it had no other columns than those that are wanted, its schema as a tree, and their names. */
export interface WantedColumns {
  metadata: FileMetaData
  schema: SchemaTree
  columns: string[]
}

/**
 * Takes out of the metadata what is not wanted, so that it is neither read nor decoded.
 * @throws GateError for a file that has nothing of it
 */
export async function chooseColumns(request: {
  file: string
  metadata: FileMetaData
  fields: Fields | null
}): Promise<WantedColumns> {
  const { file, metadata, fields } = request
  const { parquetSchema } = await import('hyparquet')
  const tree = parquetSchema(metadata)
  const columns = tree.children
    .map(({ element }) => element.name)
    .filter((name) => fields === null || fields.names.includes(name))
  if (columns.length === 0) throw refuseTable(file, fields)
  const isWanted = (path: readonly string[]) => {
    const [top = '', ...rest] = path
    if (!columns.includes(top)) return false
    const names = fields?.inner?.[top]
    return names === undefined || rest.length === 0 || rest.some((part) => names.includes(part))
  }
  const groups = metadata.row_groups.map((group) => ({
    ...group,
    columns: group.columns.filter(
      ({ meta_data: chunk }) => chunk === undefined || isWanted(chunk.path_in_schema),
    ),
  }))
  const wanted = { ...metadata, schema: listElements(tree, isWanted), row_groups: groups }
  return { metadata: wanted, schema: parquetSchema(wanted), columns }
}

/** The elements of a schema in its order, without leaves that are not wanted and groups that have none left. */
function listElements(tree: SchemaTree, isWanted: (path: readonly string[]) => boolean): SchemaElement[] {
  if (tree.children.length === 0) return isWanted(tree.path) ? [tree.element] : []
  const children = tree.children
    .map((child) => listElements(child, isWanted))
    .filter((list) => list.length > 0)
  if (children.length === 0 && tree.path.length > 0) return []
  return [{ ...tree.element, num_children: children.length }, ...children.flat()]
}

function refuseTable(file: string, fields: Fields | null): GateError {
  return new GateError({
    code: 'corpus',
    message:
      fields === null
        ? 'the table has no columns'
        : `the table has no column of those that are read (${fields.names.join(', ')})`,
    where: { file },
    remedy: 'name the shape that its rows have (--shape, or `shape` in the manifest)',
  })
}
