/**
 * The wall: it turns the pages of its rows by itself, and marks what has changed. It runs for days without a hand on it, so
 * it adds nothing to the document that it does not remove.
 */

import {restoredState, setStateSaver} from "../layout/connection.js"
import {$, $$, actionOf, announce, find, parseHtml, t, targetOf, tPlural} from "../layout/dom.js"
import {addShortcuts} from "../layout/shortcuts.js"
import {changeAnnouncer} from "../live/announcer.js"
import {patch, setPatchHandler} from "../live/patches.js"
import {comparator} from "../overview/filters.js"
import {changedSince, forgetAll, forgetSeen, markedIds, markUnseen, restoreMarks, tint, versions} from "./marks.js"
import {isOnPage, pageCount, turned} from "./pages.js"

/** @type {HTMLTableElement} */
const board = $("table.board")
/** @type {HTMLTableSectionElement} */
const body = $("tbody", board)
const rowsPerPage = Number(board.dataset.rows)
const turning = $("#turning")

/** @returns {HTMLTableRowElement[]} */
const allRows = () => $$("tr", body)
const countPages = () => pageCount(allRows().length, rowsPerPage)
const shownIdentity = () => $("caption", board).dataset.identity

// ── Pages ──

let page = 0
let isPaused = false
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

/** Put the rows in the order of the overview: what needs someone most comes first. */
function sortRows() {
  const rows = allRows()
  const sorted = rows
    .map(row => ({
      row,
      id: row.dataset.region ?? "",
      key: row.dataset.rank ?? "",
      name: row.dataset.position ?? "",
    }))
    .sort(comparator(true))
  if (sorted.some(({row}, index) => row !== rows[index])) body.append(...sorted.map(({row}) => row))
}

/** Show the rows of the present page, and say which one it is. */
function showPage() {
  const count = countPages()
  page = Math.min(page, count - 1)
  for (const [index, row] of allRows().entries()) {
    row.toggleAttribute("data-off-page", !isOnPage(index, page, rowsPerPage))
  }
  board.dataset.page = `${page + 1}`
  turning.hidden = count === 1
  $("#page-number").textContent = t("wall.page", {n: page + 1, total: count})
}

/** @param {number} step */
function turn(step) {
  forgetSeen()
  sortRows()
  page = turned(page, step, countPages())
  showPage()
  schedule()
}

function schedule() {
  clearTimeout(timer)
  if (!isPaused) timer = setTimeout(() => turn(1), 1000 * Number(board.dataset.pageSeconds))
}

/** @param {boolean} paused */
function setPaused(paused) {
  isPaused = paused
  turning.toggleAttribute("data-paused", paused)
  $("#page-paused").hidden = !paused
  schedule()
}

function togglePause() {
  if (turning.hidden) return false
  setPaused(!isPaused)
  announce(isPaused ? $("#page-paused").textContent : $("#page-number").textContent)
  return true
}

document.addEventListener("click", event => {
  if (actionOf(event) === "turning") togglePause()
})
addShortcuts({
  " ": event => (targetOf(event).matches("button, a") ? false : togglePause()), // a button is pressed by this key anyway
  ArrowRight: () => turn(1),
  ArrowLeft: () => turn(-1),
})

// ── Updates ──

const announceChanges = changeAnnouncer(ids => {
  const names = ids.map(id => find(`[data-region="${id}"] [data-name]`, body)?.textContent).filter(name => name)
  return names.length > 0 ? tPlural("wall.changed", names.length, {name: names[0] ?? ""}) : ""
})

/**
 * Remove and add the rows that have come and gone. New ones stand last until the page is turned.
 *
 * @param {import("../live/patches.js").Regions} regions
 */
function updateRows(regions) {
  for (const [id, html] of Object.entries(regions)) {
    const row = find(`[data-region="${id}"]`, body)
    if (!html) row?.remove()
    else if (!row && id.startsWith("row-")) body.append(parseHtml(html))
  }
}

setPatchHandler(regions => {
  const identity = shownIdentity()
  const before = versions()
  patch(Object.fromEntries(Object.entries(regions).filter(([, html]) => html)))
  updateRows(regions)
  if (shownIdentity() === identity) {
    const changed = changedSince(before)
    tint(changed)
    announceChanges(changed.map(element => element.dataset.region ?? ""))
  } else {
    forgetAll()
    sortRows()
  }
  showPage()
})

// ── Left alone ──

/** Keep the screen on, where the browser can and may. */
async function keepAwake() {
  try {
    await navigator.wakeLock?.request("screen")
  } catch {
    // refused, for example because the battery is low
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) keepAwake()
})
keepAwake()

setStateSaver(() => ({page, isPaused, versions: versions(), marked: markedIds()}))
if (restoredState) {
  page = restoredState.page
  restoreMarks(restoredState.marked)
  markUnseen(changedSince(restoredState.versions))
}
showPage()
setPaused(restoredState?.isPaused ?? false)
