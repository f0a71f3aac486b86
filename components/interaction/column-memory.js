/** Keeps the columns of the overview while one goes to other pages and back: links to it get them in their address. */

import {closest, targetOf} from "../layout/dom.js"
import {session} from "../layout/storage.js"

const KEY = "overview-columns"

/** @param {string} columns The id of a section; empty for the status. */
export const rememberColumns = columns => session.set(KEY, columns)

/** @param {Event} event */
function addColumns(event) {
  /** @type {HTMLAnchorElement | null} */
  const link = closest("a[href]:is(#nav-home, #nav-overview, #menu-overview, #notice-overview)", targetOf(event))
  const columns = session.get(KEY)
  if (!link || !columns) return
  const url = new URL(link.href)
  url.searchParams.set("columns", columns)
  link.href = url.href
}

/** Change links to the overview as they are followed, in a new tab too. */
export function keepColumns() {
  for (const type of ["click", "auxclick"]) document.addEventListener(type, addColumns, {capture: true})
}
