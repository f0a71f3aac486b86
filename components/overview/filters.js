/**
 * Which rows of the overview match the filters, and in which order. filters.py does the same for the page's first HTML.
 *
 * The server gives each row the flags and sort keys that are compared here. A key sorts by its code units: the server has
 * arranged for Æ, Ø and Å to come last (`collation_key` in name_search.py).
 */

import {searchMatcher} from "../services/search.js"

/**
 * @typedef {object} OverviewFilters
 * @property {string} period_id A report period; empty for the reporting period.
 * @property {string} q Words that must all occur in a row's search text.
 * @property {string} show `all`, a decision state, `stale` or `failed`.
 * @property {string} deviation `all`, `none`, a severity, `missing`, or `changed`: what has changed on this page.
 * @property {string} case_system A name; empty for all.
 * @property {string} county The number of a county; empty for all.
 * @property {string} columns The columns of the table: empty for the status, else the id of a section.
 * @property {string} since The moment from which changes count, as the address names it; empty for none.
 * @property {string} sort A column, after `-` in descending order.
 */

/**
 * @typedef {object} RowData
 * @property {string} id
 * @property {string} search
 * @property {string[]} flags
 * @property {string} caseSystem
 * @property {string} county
 * @property {string} name The sort key of the name.
 * @property {string} key The sort key of the column that the rows are sorted by; empty if the row has no value there.
 */

/** @typedef {Pick<RowData, "id" | "name" | "key">} SortedData */

/** @type {Readonly<OverviewFilters>} */
export const DEFAULTS = {
  period_id: "",
  q: "",
  show: "all",
  deviation: "all",
  case_system: "",
  county: "",
  columns: "",
  since: "",
  sort: "-status",
}
const NAMES = /** @type {(keyof OverviewFilters)[]} */ (Object.keys(DEFAULTS))

/**
 * Return a function that tells whether a row matches.
 *
 * @param {OverviewFilters} filters
 * @param {{has(id: string): boolean}} changed The ids of the rows that have changed on this page.
 * @returns {(row: RowData) => boolean}
 */
export function matcher({q, show, deviation, case_system, county}, changed) {
  const matchesSearch = searchMatcher(q)
  const matchesDeviation = (/** @type {RowData} */ {id, flags}) =>
    deviation === "all" || (deviation === "changed" ? changed.has(id) : flags.includes(deviation))
  return row =>
    matchesSearch(row.search) &&
    (show === "all" || row.flags.includes(show)) &&
    matchesDeviation(row) &&
    (case_system === "" || row.caseSystem === case_system) &&
    (county === "" || row.county === county)
}

/**
 * @param {string} a
 * @param {string} b
 */
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0)

/**
 * Return a function that compares rows: by the column's key, then by name; rows without a value come last either way.
 *
 * @param {boolean} isDescending
 * @returns {(a: SortedData, b: SortedData) => number}
 */
export function comparator(isDescending) {
  const direction = isDescending ? -1 : 1
  return (a, b) =>
    Number(!a.key) - Number(!b.key) ||
    direction * compare(a.key, b.key) ||
    compare(a.name, b.name) ||
    compare(a.id, b.id)
}

/**
 * Return the size of the largest set of items that are in order already: a longest increasing subsequence.
 *
 * @template T
 * @param {T[]} items
 * @param {(a: T, b: T) => number} compareItems
 */
export function longestOrderedRun(items, compareItems) {
  /** @type {T[]} For each length, the smallest item that an ordered run of that length can end with. */
  const tails = []
  for (const item of items) {
    let low = 0
    let high = tails.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareItems(/** @type {T} */ (tails[middle]), item) < 0) low = middle + 1
      else high = middle
    }
    tails[low] = item
  }
  return tails.length
}

/**
 * Return the filters that a URL names; what it does not name is absent.
 *
 * @param {URL} url
 * @returns {Partial<OverviewFilters>}
 */
export const filtersFromUrl = url =>
  Object.fromEntries(NAMES.map(name => [name, url.searchParams.get(name)]).filter(([, value]) => value))

/**
 * Write filters into a URL, without those that are as usual. `changed` is left out: it holds on this page only.
 *
 * @param {URL} url
 * @param {OverviewFilters} filters
 */
export function writeFilters(url, filters) {
  for (const name of NAMES) {
    const value = filters[name]
    if (value.trim() === DEFAULTS[name] || (name === "deviation" && value === "changed")) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
}
