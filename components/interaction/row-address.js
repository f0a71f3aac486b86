/**
 * Which rows of the form a page shows stands in its address: the filter, and the open rows. A link opens what was shared,
 * also without scripts, as the server reads both.
 */

import {ALL, CHANGED} from "./row-filter.js"

/**
 * @typedef {object} ShownRows
 * @property {string[]} open The keys of the open rows.
 * @property {string} [filter] The filter; what has changed on this page is left out, as it holds there only.
 */

/**
 * Write into a URL which rows are shown.
 *
 * @param {URL} url
 * @param {ShownRows} rows
 */
export function writeRows(url, {open, filter = ALL}) {
  const values = {filter: [ALL, CHANGED].includes(filter) ? "" : filter, open: open.join(",")}
  for (const [name, value] of Object.entries(values)) {
    if (value) url.searchParams.set(name, value)
    else url.searchParams.delete(name)
  }
  url.search = url.search.replaceAll("%2C", ",")
}

/**
 * Return which rows a URL asks for.
 *
 * @param {URL} url
 * @returns {Required<ShownRows>}
 */
export const readRows = url => ({
  filter: url.searchParams.get("filter") ?? ALL,
  open: (url.searchParams.get("open") ?? "").split(",").filter(Boolean),
})

/**
 * Keep the page's address up to date, with one write for all rows that are opened or closed in one go.
 *
 * @param {() => ShownRows} shownRows
 */
export function watchRows(shownRows) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const write = () => {
    const url = new URL(location.href)
    writeRows(url, shownRows())
    if (url.href !== location.href) history.replaceState(history.state, "", url)
  }
  for (const name of ["row:toggled", "filter:chosen"]) {
    document.addEventListener(name, () => {
      clearTimeout(timer)
      timer = setTimeout(write)
    })
  }
}
