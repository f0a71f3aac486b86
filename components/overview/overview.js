// The overview's own ways: searching, filtering and sorting rows that are all here, the choice in the address, marks of what changed.
// Rows filter and sort by the keys that the server gives them (overview_choice.py does the same for the first HTML).
import {announceReconnect, restoredState, setStateSaver} from "../layout/connection.js"
import {$, $$, addShortcuts, setPatchHandler, tPlural, isLive, openExport, patch, announce, send, setPaused, t} from "../layout/dom.js"

const form = $("#choose"), table = $("table.list"), body = $("tbody", table), heads = $$("thead th", table)
const control = name => form.elements[name]
const rows = () => [...body.rows]
const idOf = row => row.dataset.region
const link = row => $(".row-link", row)
const flags = row => row.dataset.flags.split(" ")
const period = () => $("caption", table).dataset.period
// Only what differs is written: with so many rows each write costs the browser a look at all of them.
const setText = (element, words) => { if (element.textContent !== words) element.textContent = words }
const setHidden = (element, on) => { if (element.hidden !== on) element.hidden = on }

// ── what is chosen: in the controls, and so in the address ──
const DEFAULTS = {period_id: "", q: "", show: "all", deviation: "all", case_system: "", sort: "-status"}
const sorted = () => heads.find(head => head.ariaSort !== "none")
const sortOf = head => `${head.ariaSort === "descending" ? "-" : ""}${$("button", head).dataset.column}`
const getFilters = () => ({...Object.fromEntries(Object.keys(DEFAULTS).filter(name => name !== "sort").map(name => [name, control(name).value])), sort: sortOf(sorted())})

function sortBy(sort) {
  const column = sort.replace("-", "")
  for (const head of heads) head.ariaSort = $("button", head).dataset.column !== column ? "none" : sort.startsWith("-") ? "descending" : "ascending"
}

/** Sets the controls; a select that does not have the value falls back on its first. */
function setFilters(values) {
  for (const [name, value] of Object.entries({...DEFAULTS, ...values})) {
    if (name === "sort") sortBy(value)
    else control(name).value = value
  }
  for (const select of $$("select[form=choose]")) if (select.selectedIndex < 0) select.selectedIndex = 0
  if (!control("show").value) control("show").value = "all"
}

function syncUrl(push) {
  const url = new URL(location)
  for (const [name, value] of Object.entries(getFilters())) {
    // What changed before these eyes is nobody else's choice.
    if (value.trim() === DEFAULTS[name] || value === "changed") url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  if (url.href !== location.href) history[push ? "pushState" : "replaceState"](null, "", url)
}
const filtersFromUrl = () => Object.fromEntries(Object.keys(DEFAULTS).map(name => [name, new URL(location).searchParams.get(name)]).filter(([, value]) => value))

// ── which rows pass, and in which order: by what each says, read once for a look at all, as reading attributes is most of its cost ──
const marks = new Map()          // region of the row -> "now" | "unseen"
function rowData(row) {
  const {region, search, flags, caseSystem, name, [sorted().querySelector("button").dataset.column]: key} = row.dataset
  return {row, id: region, search, flags: flags.split(" "), caseSystem, name, key}
}
const allRowData = () => rows().map(rowData)
function matcher({q, show, deviation, case_system}) {
  const wanted = q.toLowerCase().split(/\s+/).filter(Boolean)
  return ({id, search, flags, caseSystem}) => wanted.every(word => search.includes(word))
    && (show === "all" || flags.includes(show))
    && (deviation === "all" || (deviation === "changed" ? marks.has(id) : flags.includes(deviation)))
    && (case_system === "" || caseSystem === case_system)
}
const compare = (a, b) => a < b ? -1 : a > b ? 1 : 0
function comparator() {
  const way = sorted().ariaSort === "descending" ? -1 : 1
  return (one, other) => (!one.key - !other.key) || way * compare(one.key, other.key) || compare(one.name, other.name) || compare(one.id, other.id)
}

// A row that is moved keeps its icons and the focus, where the browser can.
const moveRow = "moveBefore" in body ? (row, next) => body.moveBefore(row, next) : (row, next) => body.insertBefore(row, next)

/** As a person has asked for it: all rows in order, those that pass to be seen. */
function applySortAndFilter(isAnnounced = true) {
  const focused = document.activeElement, order = allRowData().sort(comparator()), passes = matcher(getFilters())
  let next = null
  for (const {row} of order.toReversed()) {
    if (row.nextElementSibling !== next) moveRow(row, next)
    next = row
  }
  for (const each of order) setHidden(each.row, !passes(each))
  if (document.activeElement !== focused && body.contains(focused)) focused.focus()
  updateCounts(order, 0)
  if (isAnnounced) announce($("#seen").textContent)
}

/** How many rows `Sort` would move, show or hide: those outside the longest run that is in order already. */
function countOutOfOrder(all) {
  const passes = matcher(getFilters()), inOrder = comparator()
  const kept = all.filter(each => !each.row.hidden && passes(each)), tails = []
  for (const each of kept) {
    let low = 0, high = tails.length
    while (low < high) { const middle = (low + high) >> 1; if (inOrder(tails[middle], each) < 0) low = middle + 1; else high = middle }
    tails[low] = each
  }
  return all.filter(each => each.row.hidden === passes(each)).length + kept.length - tails.length
}

/** Numbers, what is empty, and the offer to sort. */
function updateCounts(all = allRowData(), moved = countOutOfOrder(all)) {
  const now = getFilters(), seen = all.filter(({row}) => !row.hidden).length
  for (const radio of $$("[name=show]")) {
    const passes = matcher({...now, show: radio.value})
    setText($("b", radio.parentElement), `${all.filter(passes).length}`)
  }
  setText($("#seen"), t("overview.shown", {n: seen, total: all.length}))
  setHidden($("#first"), all.length === 0)
  setHidden($("#none"), all.length > 0)
  setHidden($("#empty"), seen > 0)
  setHidden(table, seen === 0)
  const offer = $("#reordered")
  setHidden(offer, moved === 0)
  setText($("span", offer), tPlural("overview.reordered", moved))
  setHidden($("[data-action=seen]"), now.deviation !== "changed" || marks.size === 0)
  if (!links().includes(tabStop)) setTabStop(links()[0] ?? null)
}

// ── rows: one tab stop ──
const links = () => rows().filter(row => !row.hidden).map(link)
let tabStop = null
function setTabStop(here) {
  tabStop = here
  for (const each of rows().map(link)) {
    const wanted = each === here ? "0" : "-1"
    if (each.getAttribute("tabindex") !== wanted) each.setAttribute("tabindex", wanted)
  }
}
function focusRow(to) { if (to) { setTabStop(to); to.focus(); to.scrollIntoView({block: "nearest"}) } }
function move(step) {
  const all = links(), at = all.indexOf(document.activeElement)
  focusRow(at < 0 ? tabStop : all[Math.min(all.length - 1, Math.max(0, at + step))])
}
const hasDeviation = each => ["error", "warning", "notice"].some(severity => flags(each.closest("tr")).includes(severity))
function moveToDeviation(step) {
  const all = links(), at = all.indexOf(document.activeElement)
  focusRow(step > 0 ? all.find((each, i) => i > at && hasDeviation(each)) ?? all.find(hasDeviation) : all.findLast((each, i) => i < at && hasDeviation(each)) ?? all.findLast(hasDeviation))
}

// ── what changed: a tint for 6 s, then a dot until seen ──
const NOW_MS = 6000, ANNOUNCE_INTERVAL_MS = 2000
const versions = () => Object.fromEntries(rows().map(row => [idOf(row), row.dataset.version]))
function decorate(id) {
  const row = $(`[data-region="${id}"]`, body)
  if (!row) return
  if (marks.has(id)) row.dataset.changed = marks.get(id); else delete row.dataset.changed
}
function mark(ids, state) { for (const id of ids) { marks.set(id, state); decorate(id) } }
function unmark(ids) { for (const id of ids) if (marks.delete(id)) decorate(id) }
const fade = new Map()
function flashMarks(ids) {
  mark(ids, "now")
  for (const id of ids) {
    clearTimeout(fade.get(id))
    fade.set(id, setTimeout(() => {
      if ($(`[data-region="${id}"]`, body).contains(document.activeElement)) unmark([id])
      else if (marks.has(id)) mark([id], "unseen")
    }, NOW_MS))
  }
}

// One polite sentence per commit, at most one in 2 s.
let announcedAt = 0, changedIds = new Set(), announceTimer = 0
function announceChanges(ids) {
  ids.forEach(id => changedIds.add(id))
  clearTimeout(announceTimer)
  if (changedIds.size === 0) return
  const wait = announcedAt + ANNOUNCE_INTERVAL_MS - Date.now()
  if (wait > 0) { announceTimer = setTimeout(announceChanges, wait, []); return }
  const [first] = changedIds
  announce(tPlural("overview.changed", changedIds.size, {name: link($(`[data-region="${first}"]`, body)).textContent}))
  announcedAt = Date.now()
  changedIds = new Set()
}

// ── patches ──
const parseHtml = html => { const template = document.createElement("template"); template.innerHTML = html; return template.content.firstElementChild }
const isRow = id => id.startsWith("row-")

/** Puts in a service that was not there: in its place, unless that would move what somebody points at or has the focus in. */
function insertRow(html) {
  const row = parseHtml(html), busy = table.matches(":hover") || table.contains(document.activeElement), inOrder = comparator(), fresh = rowData(row)
  row.hidden = !matcher(getFilters())(fresh)
  link(row).tabIndex = -1
  body.insertBefore(row, busy ? null : allRowData().find(other => inOrder(fresh, other) < 0)?.row ?? null)
}

/** Case systems that no service had before can be chosen too. */
function addSystems() {
  const select = control("case_system"), known = new Set([...select.options].map(option => option.value))
  for (const row of rows()) {
    if (known.has(row.dataset.caseSystem)) continue
    known.add(row.dataset.caseSystem)
    select.append(new Option(row.dataset.caseSystem))
  }
}

/** Takes out the rows of services that are forgotten; gives what else there is. */
function removeRows(regions) {
  const gone = Object.keys(regions).filter(id => isRow(id) && !regions[id]), left = {...regions}
  for (const id of gone) {
    const row = $(`[data-region="${id}"]`, body), at = row ? links().indexOf(link(row)) : -1, hadFocus = row?.contains(document.activeElement)
    unmark([id])
    row?.remove()
    if (hadFocus) focusRow(links()[Math.min(at, links().length - 1)])
    delete left[id]
  }
  return left
}

setPatchHandler(all => {
  const regions = removeRows(all), was = period(), seen = versions()
  patch(regions)
  Object.entries(regions).filter(([id]) => isRow(id) && !(id in seen)).forEach(([, html]) => insertRow(html))
  addSystems()
  if (period() !== was) { unmark([...marks.keys()]); applySortAndFilter(); return }
  const changed = rows().filter(row => row.dataset.version !== seen[idOf(row)]).map(idOf)
  flashMarks(changed)
  updateCounts()
  announceChanges(changed)
})

document.addEventListener("live:waiting", ({detail}) => {
  const shown = versions(), changes = Object.entries(detail).filter(([id, html]) => isRow(id) && (html ? parseHtml(html).dataset.version : undefined) !== shown[id]).length
  const banner = $("#waiting")
  banner.hidden = document.documentElement.dataset.live !== "paused"
  $("p", banner).textContent = `${t("live.paused")} ${changes ? tPlural("live.waiting", changes) : ""}`
})

// ── what a person does ──
/** Another period: in place while the line holds, else as any link. */
function loadPeriod() {
  if (!isLive()) { location.reload(); return }
  setPaused(false)
  send({action: "show", period_id: control("period_id").value})
}
function applyFilters(values) { setFilters({...getFilters(), ...values}); syncUrl(true); applySortAndFilter() }
const reset = () => applyFilters({...DEFAULTS, period_id: getFilters().period_id, sort: getFilters().sort})

const search = $("#search")
let typed = search.value
search.addEventListener("input", () => {
  syncUrl(!typed)               // one step back undoes the search, not each letter of it
  typed = search.value
  applySortAndFilter()
})
search.addEventListener("keydown", event => {
  if (event.key === "ArrowDown" || event.key === "Enter") { event.preventDefault(); focusRow(links()[0]) }
})
// Without scripts a choice is sent as a form; with them nothing is.
form.addEventListener("submit", event => event.preventDefault())
document.addEventListener("keydown", event => { if (event.key === "Enter" && event.target.matches("input[type=radio]")) event.preventDefault() })

document.addEventListener("change", ({target}) => {
  if (target.form !== form || target === search) return
  syncUrl(true)
  if (target.name === "period_id") loadPeriod(); else applySortAndFilter()
})
addEventListener("popstate", () => {
  const was = period()
  setFilters(filtersFromUrl())
  typed = search.value
  if (control("period_id").value !== was) loadPeriod(); else applySortAndFilter()
})

document.addEventListener("click", event => {
  const {target} = event, head = target.closest("th[aria-sort]"), row = target.closest(".list > tbody > tr")
  if (head) {
    event.preventDefault()
    const button = $("button", head), down = head.ariaSort === "none" ? "descending" in button.dataset : head.ariaSort === "ascending"
    sortBy(`${down ? "-" : ""}${button.dataset.column}`)
    syncUrl(true)
    applySortAndFilter()
  } else if (row && !target.closest("a") && !getSelection().toString()) link(row).click()
  switch (target.closest("[data-action]")?.dataset.action) {
    case "clear": search.value = ""; search.focus(); search.dispatchEvent(new Event("input", {bubbles: true})); break
    case "reset": reset(); break
    case "sort": applySortAndFilter(); break
    case "seen": unmark([...marks.keys()]); applyFilters({deviation: "all"}); break
    case "changed": $("#back").hidden = true; applyFilters({...DEFAULTS, period_id: getFilters().period_id, sort: getFilters().sort, deviation: "changed"}); break
  }
})
// A row that somebody has come to is seen; the mark of this moment fades first.
body.addEventListener("focusin", ({target}) => {
  const row = target.closest("tr")
  if (row.dataset.changed === "unseen" && getFilters().deviation !== "changed") unmark([idOf(row)])
})

// ── the export: of the rows that pass, in their order ──
document.addEventListener("click", event => {
  const link = event.target.closest("a[data-export]")
  if (!link) return
  const address = new URL(link.href), changed = getFilters().deviation === "changed"
  const asked = {...Object.fromEntries(new URL(location).searchParams), lang: document.documentElement.lang}
  if (changed) asked.only = rows().filter(row => !row.hidden).map(row => idOf(row).replace("row-", "")).join(",")
  address.search = new URLSearchParams(asked)
  link.href = address
  link.closest("[popover]").hidePopover()
})

addShortcuts({
  j: () => move(1), k: () => move(-1), n: () => moveToDeviation(1), N: () => moveToDeviation(-1),
  f: () => applyFilters({show: "error"}), w: () => applyFilters({deviation: "warning"}), m: () => applyFilters({deviation: "missing"}), c: () => applyFilters({deviation: "changed"}), x: reset,
  "/": () => { search.focus(); search.select() }, e: openExport,
})
// The arrows are the table's own keys, not shortcuts: they work also where those are switched off.
table.addEventListener("keydown", event => {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
  if (!step || !event.target.matches(".row-link")) return
  event.preventDefault()
  move(step)
})

// ── coming back after the line was lost ──
setStateSaver(() => ({versions: versions(), marks: [...marks.keys()], focused: document.activeElement.closest("tr[data-region]")?.dataset.region}))
updateCounts()
if (restoredState) {
  const shown = rows().map(idOf)
  mark(restoredState.marks.filter(id => shown.includes(id)), "unseen")
  const findMissedChanges = () => {
    const changed = rows().filter(row => row.dataset.version !== restoredState.versions[idOf(row)]).map(idOf)
    mark(changed, "unseen")
    return changed
  }
  findMissedChanges()
  announceReconnect(findMissedChanges, n => n ? tPlural("overview.back", n) : t("overview.back_unchanged"))
  const row = rows().find(row => idOf(row) === restoredState.focused && !row.hidden)
  if (row) { setTabStop(link(row)); link(row).focus({preventScroll: true}) }
}
