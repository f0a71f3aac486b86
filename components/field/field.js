/** The page of a field: its table, the services whose history is shown, and patches that mark what has changed. */

import {setFocusFallback} from "../interaction/focus.js"
import {watchPlaceChoice} from "../interaction/place-choice.js"
import {announceReconnect, restoredState, setStateSaver} from "../layout/connection.js"
import {$, actionOf, announce, closest, find, isPlainClick, t, targetOf} from "../layout/dom.js"
import {addShortcuts} from "../layout/shortcuts.js"
import {onLive} from "../live/channel.js"
import {patch, setPatchHandler} from "../live/patches.js"
import {announceChanges, mark, markSeen, marks, reconnectedText, tint, unmark} from "../overview/marks.js"
import {
  ensureTabStop,
  focusNearRow,
  idOf,
  linkOf,
  markSorted,
  moveFocus,
  nextSort,
  rowById,
  setTabStop,
  table,
  tableBody,
  versions,
} from "../overview/rows.js"
import {chooseFromButton, showChosen, toggleChosen} from "./choice.js"
import "./figures.js"
import {countOutOfOrder, insertRow, sortRows, syncSort} from "./order.js"

// ── Patches ──

const isRowId = (/** @type {string} */ id) => id.startsWith("row-")

/** @param {Record<string, string>} before Versions by row id. */
const changedSince = before => Object.entries(versions()).flatMap(([id, version]) => (version === before[id] ? [] : id))

setPatchHandler(regions => {
  const before = versions()
  for (const id of Object.keys(regions).filter(id => isRowId(id) && !regions[id])) {
    unmark([id])
    rowById(id)?.remove()
  }
  patch(Object.fromEntries(Object.entries(regions).filter(([id, html]) => html || !isRowId(id))))
  for (const [id, html] of Object.entries(regions)) if (isRowId(id) && html && !(id in before)) insertRow(html)
  const changed = changedSince(before).filter(id => id in before)
  tint(changed, before)
  announceChanges(changed)
  countOutOfOrder()
  ensureTabStop()
})

// The choice is written into the page while it is paused too.
onLive("live:regions", (/** @type {Record<string, string>} */ regions) => {
  if ("chosen" in regions) showChosen()
})

// ── Clicks and keys ──

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    announce(t("field.copied"))
  } catch {
    // The browser does not let the page write: what is copied can be selected.
    const code = find(".sql code")
    if (code) getSelection()?.selectAllChildren(code)
  }
}

document.addEventListener("click", event => {
  const target = targetOf(event)
  /** @type {HTMLTableCellElement | null} */
  const heading = closest("th[aria-sort]", target)
  /** @type {HTMLButtonElement | null} */
  const choice = closest("button[name=choose]", target)
  const row = /** @type {HTMLTableRowElement | null} */ (closest(".list > tbody > tr", target))
  if (heading) {
    event.preventDefault()
    markSorted(nextSort(heading))
    sortRows()
    syncSort()
  } else if (choice) {
    event.preventDefault()
    chooseFromButton(choice)
  } else if (row && !closest("a, button", target) && !getSelection()?.toString()) {
    if (isPlainClick(event)) linkOf(row).click()
    else open(linkOf(row).href, "_blank", "noopener")
  }
  switch (actionOf(event)) {
    case "sort":
      sortRows()
      break
    case "copy-sql":
      copy($(".sql code").textContent ?? "")
      break
    case "changed":
      $("#back").hidden = true
      rowById([...marks.keys()][0] ?? "")?.scrollIntoView({block: "center"})
      break
  }
})

tableBody.addEventListener("focusin", event => {
  const row = closest("tr", targetOf(event))
  if (!row) return
  setTabStop(linkOf(/** @type {HTMLTableRowElement} */ (row)))
  markSeen(/** @type {HTMLTableRowElement} */ (row))
})

// The arrows are the table's own keys, not shortcuts: they also work when shortcuts are switched off.
table.addEventListener("keydown", event => {
  const target = targetOf(event)
  if (event.key === " " && target.matches(".row-link")) {
    event.preventDefault()
    toggleChosen(idOf(/** @type {HTMLTableRowElement} */ (closest("tr", target))).replace("row-", ""), target)
    return
  }
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
  if (!step || !target.matches(".row-link, .choose")) return
  event.preventDefault()
  moveFocus(step)
})

setFocusFallback(focusNearRow)
addShortcuts({
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
  e: () => $("#export").showPopover({source: $("[popovertarget=export]")}),
})

// Export what the page shows, in its order.
document.addEventListener("click", event => {
  /** @type {HTMLAnchorElement | null} */
  const link = closest("a[data-export]", targetOf(event))
  if (!link) return
  const url = new URL(link.href)
  url.search = location.search
  url.searchParams.set("lang", document.documentElement.lang)
  link.href = url.href
  closest("[popover]", link)?.hidePopover()
})

// ── Coming back after the connection was lost ──

setStateSaver(() => ({
  versions: versions(),
  marks: [...marks.keys()],
  focused: closest("tr[data-region]", document.activeElement)?.dataset.region,
}))

if (restoredState) {
  const {versions: before, marks: saved, focused} = restoredState
  mark(saved.filter(rowById), "unseen")
  const findMissed = () => {
    const missed = changedSince(before)
    mark(missed, "unseen")
    return missed
  }
  findMissed()
  announceReconnect(findMissed, reconnectedText)
  const row = rowById(focused ?? "")
  if (row) linkOf(row).focus({preventScroll: true})
}

ensureTabStop()
watchPlaceChoice()
