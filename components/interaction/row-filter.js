/**
 * Which rows of the report a filter leaves. A row that has been opened under a filter, or has the focus, stays although it no
 * longer matches, until a filter is chosen or another report is shown: nothing vanishes while it is read.
 */

/**
 * @typedef {object} RowState
 * @property {string} key
 * @property {string[]} flags The filters that the server lets it pass.
 * @property {boolean} isShown
 * @property {boolean} isInUse Whether it is open or has the focus.
 */

/** The filter that every row passes. */
export const ALL = "all"
/** The filter of the rows that have changed on this page. */
export const CHANGED = "changed"

/**
 * Return whether a row matches a filter.
 *
 * @param {Pick<RowState, "key" | "flags">} row
 * @param {string} filter
 * @param {{has(key: string): boolean}} changed The keys of the rows that have changed on this page.
 */
export const matches = ({key, flags}, filter, changed) =>
  filter === ALL || (filter === CHANGED ? changed.has(key) : flags.includes(filter))

/** The chosen filter of a report, and the rows that it keeps. */
export class RowFilter {
  chosen = ALL
  /** @type {Set<string>} The keys of the rows that stay. */
  kept = new Set()

  /**
   * Choose a filter. Rows that were kept go.
   *
   * @param {string} filter
   * @param {Iterable<string>} kept The keys of the rows that stay although they do not match.
   */
  choose(filter, kept = []) {
    this.chosen = filter
    this.kept = new Set(kept)
  }

  /**
   * Keep a row that is opened.
   *
   * @param {string} key
   */
  keep(key) {
    if (this.chosen !== ALL) this.kept.add(key)
  }

  /**
   * Return the keys of the rows to show.
   *
   * @param {RowState[]} rows
   * @param {{has(key: string): boolean}} changed
   * @returns {Set<string>}
   */
  visible(rows, changed) {
    const stays = (/** @type {RowState} */ row) => row.isShown && (row.isInUse || this.kept.has(row.key))
    return new Set(rows.filter(row => matches(row, this.chosen, changed) || stays(row)).map(({key}) => key))
  }

  /**
   * Return the number on a filter: how many rows it leaves.
   *
   * @param {string} filter
   * @param {RowState[]} rows
   * @param {{has(key: string): boolean}} changed
   */
  count(filter, rows, changed) {
    if (filter === this.chosen) return this.visible(rows, changed).size
    return rows.filter(row => matches(row, filter, changed)).length
  }
}
