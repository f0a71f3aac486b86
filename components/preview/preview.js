// The preview's own ways: rows that open, filters, marks of what changed, the choice of period and service, the dialogs.
import {showOfflineReason, isOffline, showFindings} from "./report-actions.js"
import {announceReconnect, restoredState, setStateSaver} from "../layout/connection.js"
import {$, $$, addShortcuts, setPatchHandler, tPlural, isLive, filterList, patch, announce, send, setPaused, t} from "../layout/dom.js"

const rowOf = key => $(`tr[data-field="${key}"]`)
const rows = () => $$("tr[data-field]")
const opener = row => $(".open", row)
const isOpen = row => opener(row).ariaExpanded === "true"
const identity = () => $("[data-region=columns]").dataset.identity
const isComplete = () => "complete" in $("[data-region=columns]").dataset

// ── what changed: a tint for 6 s, then a dot until the row is opened ──
const NOW_MS = 6000, ANNOUNCE_INTERVAL_MS = 2000
const marks = new Map()          // field key -> {state: "now" | "unseen", was: {current, compared}}
const CELLS = ["current", "compared"]
const valuesOf = row => Object.fromEntries(CELLS.map(name => [name, $(`td.${name}`, row).dataset.value]))
const allValues = () => Object.fromEntries(rows().map(row => [row.dataset.field, valuesOf(row)]))

function decorate(row) {
  const mark = marks.get(row.dataset.field)
  for (const name of CELLS) {
    const cell = $(`td.${name}`, row)
    if (mark && name in mark.was) cell.dataset.changed = mark.state; else delete cell.dataset.changed
  }
  $(".note__change", row)?.remove()
  if (!mark || !("current" in mark.was)) return
  const note = document.createElement("span")
  note.className = "note__change"
  const words = $("td.note .ds-tag", row) ? "form.changed_beside" : mark.state === "now" ? "form.changed_now" : "form.changed"
  note.textContent = t(words, {was: mark.was.current})
  $("td.note", row).append(note)
}

function countMarks() {
  $("[data-count=changed]").textContent = marks.size
  toggleSeenButton()
  if (filter() === "changed") applyFilter(false)
}

function mark(key, was, state) {
  const known = marks.get(key)
  marks.set(key, {state, was: {...was, ...known?.was}})
  decorate(rowOf(key))
}

function unmark(keys) {
  for (const key of keys) if (marks.delete(key)) decorate(rowOf(key))
  countMarks()
}

/** Marks every field that shows another value than in `before`; gives their keys. */
function markChanges(before, state) {
  const changed = []
  for (const row of rows()) {
    const key = row.dataset.field, now = valuesOf(row)
    if (!(key in before)) continue
    const differing = CELLS.filter(name => now[name] !== before[key][name])
    if (differing.length === 0) continue
    mark(key, Object.fromEntries(differing.map(name => [name, before[key][name]])), state)
    changed.push(key)
  }
  countMarks()
  return changed
}

// One polite sentence per commit, at most one in 2 s.
let announcedAt = 0, changedIds = new Set()
function announceChanges(keys) {
  keys.forEach(key => changedIds.add(key))
  const wait = announcedAt + ANNOUNCE_INTERVAL_MS - Date.now()
  if (wait > 0) { setTimeout(() => announceChanges([]), wait); return }
  if (changedIds.size === 0) return
  const bySection = Map.groupBy([...changedIds], key => rowOf(key).closest("tbody").dataset.title)
  announce([...bySection].map(([section, of]) => tPlural("live.changed_in", of.length, {section})).join(" "))
  announcedAt = Date.now()
  changedIds = new Set()
}

setPatchHandler(regions => {
  const before = allValues(), was = identity(), wasComplete = isComplete(), hadError = $("[data-region=answer] [data-color=danger]")
  patch(regions)
  if ("services" in regions) filterList($("[data-region=services]"), search.value)
  if (identity() !== was) { marks.clear(); rows().forEach(decorate); countMarks(); return }
  Object.keys(regions).filter(id => id.startsWith("row-")).forEach(id => decorate($(`[data-region="${id}"]`)))
  if (wasComplete && isComplete()) {
    const changed = markChanges(before, "now")
    setTimeout(() => changed.forEach(key => { const current = marks.get(key); if (current) { current.state = "unseen"; decorate(rowOf(key)) } }), NOW_MS)
    announceChanges(changed)
  } else if (isComplete()) announce(t("live.ready"))
  applyFilter(false)
  if (!hadError) $("[data-region=answer] [data-color=danger]")?.scrollIntoView({block: "nearest"})
})

document.addEventListener("live:waiting", ({detail}) => {
  const template = document.createElement("template")
  const shown = allValues()
  const changes = Object.entries(detail).filter(([id, html]) => {
    if (!id.startsWith("row-")) return false
    template.innerHTML = html
    const row = template.content.firstElementChild, now = valuesOf(row)
    return CELLS.some(name => now[name] !== shown[row.dataset.field][name])
  }).length
  const banner = $("#waiting")
  banner.hidden = document.documentElement.dataset.live !== "paused"
  $("p", banner).textContent = `${t("live.paused")} ${changes ? tPlural("live.waiting", changes) : ""}`
})

// ── rows ──
function open(row, on) {
  opener(row).ariaExpanded = on
  document.getElementById(opener(row).getAttribute("aria-controls")).hidden = !on
  if (on) unmark([row.dataset.field])
  requestHistories()
}
const setTabStop = button => $$(".open").forEach(each => { each.tabIndex = each === button ? 0 : -1 })
const shownOpeners = () => $$(".open").filter(each => each.offsetParent)
const focusRow = button => { if (!button) return; setTabStop(button); button.focus(); button.scrollIntoView({block: "nearest"}) }
function move(step) {
  const all = shownOpeners(), at = all.indexOf(document.activeElement)
  focusRow(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))])
}
function moveToRow(step, wanted) {
  const all = shownOpeners(), here = all.indexOf(document.activeElement)
  const found = all.filter(each => wanted(each.closest("tr")))
  focusRow(step > 0 ? found.find(each => all.indexOf(each) > here) ?? found[0] : found.findLast(each => all.indexOf(each) < here) ?? found.at(-1))
}
const hasDeviation = row => /error|warning|notice/.test(row.dataset.flags)
function moveToSection(step) {
  const parts = $$(".form > tbody:not([hidden])"), here = parts.indexOf(document.activeElement.closest(".form > tbody"))
  const part = parts[Math.min(parts.length - 1, Math.max(0, here < 0 ? 0 : here + step))]
  if (part) { focusRow($$(".open", part).find(each => each.offsetParent)); part.scrollIntoView() }
}

// ── how sections and fields have moved: tables in the page; a chart is a root of Bokeh's own, which comes to the body's end ──
const colorOf = (property, name) => {
  const probe = document.createElement("i")
  probe.style[property] = `var(--ds-color-${name})`
  document.body.append(probe)
  const color = getComputedStyle(probe)[property]
  probe.remove()
  return color
}
const opened = () => [...$$("[data-history][open]").map(details => details.dataset.history), ...rows().filter(isOpen).map(row => row.dataset.field)]
let historyTimer = 0, requestedHistories = ""
/** Once for all that is opened or closed in one go. */
function requestHistories() {
  clearTimeout(historyTimer)
  historyTimer = setTimeout(() => {
    const open = opened()
    if (!isLive() || open.join() === requestedHistories) return
    requestedHistories = open.join()
    send({action: "history", open, colors: {
      bar: colorOf("color", "neutral-surface-active"), now: colorOf("color", "accent-base-default"), text: colorOf("color", "neutral-text-default")}})
  })
}
document.addEventListener("toggle", ({target}) => { if (target.dataset?.history) requestHistories() }, true)
document.addEventListener("live:on", requestHistories)
new MutationObserver(() => { requestedHistories = ""; requestHistories() }).observe(document.documentElement, {attributeFilter: ["data-color-scheme"]})
new MutationObserver(changes => {
  for (const node of changes.flatMap(change => [...change.addedNodes])) {
    if (node.dataset?.chart) $(`[data-plot="${node.dataset.chart}"]`).append(node)
  }
}).observe(document.body, {childList: true})

// ── filters: the number on one is the number of rows that it leaves ──
const filter = () => $("[name=filter]:checked").value
const passes = (row, wanted) => wanted === "all" || (wanted === "changed" ? marks.has(row.dataset.field) : row.dataset.flags.split(" ").includes(wanted))
function applyFilter(aloud = true) {
  const wanted = filter()
  let shown = 0
  for (const row of rows()) {
    row.hidden = !passes(row, wanted)
    shown += !row.hidden
    if (row.hidden && isOpen(row)) open(row, false)
  }
  $$("tr.chart").forEach(chart => { chart.hidden = wanted !== "all" })
  $$(".form > tbody").forEach(part => { part.hidden = !$("tr[data-field]:not([hidden])", part) })
  $("#empty").hidden = shown > 0
  $("table.form").hidden = shown === 0
  $("#filtered").textContent = wanted === "all" ? "" : t("print.filtered", {n: shown, total: rows().length, filter: $(`[name=filter]:checked ~ span`).textContent})
  toggleSeenButton()
  if (!shownOpeners().some(each => each.tabIndex === 0)) setTabStop(shownOpeners()[0])
  if (aloud) announce(tPlural("filter.shown", shown))
}
function toggleSeenButton() { $("[data-action=seen]").hidden = filter() !== "changed" || marks.size === 0 }
const selectFilter = wanted => { $(`[name=filter][value=${wanted}]`).checked = true; applyFilter() }

// ── another period or service: in place while the line holds, else as any link ──
let address = location.search
/** The choice of periods says again what is shown. */
function resetPeriodForm() { $("[data-region=periods]").reset() }
function show(url, push = true) {
  if (isOffline()) { resetPeriodForm(); showOfflineReason($("[data-region=periods] select")); return }
  address = url.search
  if (!isLive()) { location.assign(url); return }
  setPaused(false)
  send({action: "show", arguments: Object.fromEntries(url.searchParams)})
  if (push) history.pushState(null, "", url)
}
const urlOf = form => { const url = new URL(location); for (const [name, value] of new FormData(form)) url.searchParams.set(name, value); return url }
// A step within the page (a link to a section) is one too, and shows nothing else.
addEventListener("popstate", () => { if (location.search !== address) show(new URL(location), false) })
const chooser = $("#chooser"), search = $("#search")
chooser.addEventListener("beforetoggle", event => {
  if (event.newState !== "open") return
  if (!isLive()) { location.assign(`${document.body.dataset.prefix}/`); return }
  send({action: "services"})
  search.value = ""
  filterList($("[data-region=services]"), "")
})
search.addEventListener("input", () => filterList($("[data-region=services]"), search.value))
chooser.addEventListener("keydown", event => {
  const links = $$("a", chooser).filter(each => each.offsetParent), at = links.indexOf(document.activeElement)
  if (event.key === "ArrowDown") (links[at + 1] ?? links[at])?.focus()
  else if (event.key === "ArrowUp") (at > 0 ? links[at - 1] : search).focus()
  else if (event.key === "Enter" && event.target === search) links[0]?.click()
  else return
  event.preventDefault()
})

document.addEventListener("change", ({target}) => {
  if (target.name === "filter") applyFilter()
  if (target.form?.matches("[data-region=periods]")) {
    const url = urlOf(target.form)
    if (target.name === "period_id") url.searchParams.delete("compare")     // its own prior is the question again
    show(url)
  }
})

document.addEventListener("click", event => {
  const link = event.target.closest("a"), row = event.target.closest("tr[data-field]")
  if (link?.dataset.targetField) {
    event.preventDefault()
    if (rowOf(link.dataset.targetField).hidden) selectFilter("all")
    open(rowOf(link.dataset.targetField), true)
    focusRow(opener(rowOf(link.dataset.targetField)))
  } else if (link?.closest("#chooser") && !event.ctrlKey && !event.metaKey) {
    event.preventDefault()
    chooser.hidePopover()
    show(new URL(link.href))
  } else if (row && !getSelection().toString()) { open(row, !isOpen(row)); setTabStop(opener(row)) }
  switch (event.target.closest("[data-action]")?.dataset.action) {
    case "reset": selectFilter("all"); break
    case "seen": unmark([...marks.keys()]); selectFilter("all"); break
    case "changed": $("#back").hidden = true; selectFilter("changed"); break
    case "aggregate": send({action: "aggregate"}); break
    case "retry": if (isComplete()) $("#again").showModal(); else send({action: "aggregate"}); break
    case "findings": event.preventDefault(); showFindings(); break
  }
})

/** As a click does it: what cannot be done now says why. */
const press = selector => { const act = $(selector); act.focus(); act.click() }
addShortcuts({
  j: () => move(1), k: () => move(-1), n: () => moveToRow(1, hasDeviation), N: () => moveToRow(-1, hasDeviation), "[": () => moveToSection(-1), "]": () => moveToSection(1),
  f: () => selectFilter("error"), w: () => selectFilter("warning"), m: () => selectFilter("missing"), c: () => selectFilter("changed"), x: () => selectFilter("all"),
  "/": () => chooser.showPopover({source: $("[popovertarget=chooser]")}), a: () => press("[data-report-action=again], [data-report-action=aggregate]"), e: () => press("[data-report-action=export]"),
})
// The arrows and Escape are the table's own keys, not shortcuts: they work also where those are switched off.
$("table.form").addEventListener("keydown", event => {
  const inside = event.target.closest("tr.detail, tr[data-field]")
  if (event.key === "Escape" && inside) {
    const row = inside.matches(".detail") ? inside.previousElementSibling : inside
    if (isOpen(row)) { open(row, false); focusRow(opener(row)) }
    return
  }
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
  if (!step || !event.target.matches(".open")) return
  event.preventDefault()
  move(step)
})

// ── the export: of the rows that a filter leaves ──
document.addEventListener("click", event => {
  const link = event.target.closest("a[data-export]")
  if (!link) return
  const address = new URL(link.href)
  const left = rows().filter(row => !row.hidden)
  if (left.length < rows().length) address.searchParams.set("fields", left.map(row => row.dataset.field).join(","))
  else address.searchParams.delete("fields")
  link.href = address
  link.closest("[popover]").hidePopover()
})

// ── coming back after the line was lost: what was open, chosen, marked and shown, and where the focus was ──
setStateSaver(() => ({
  values: allValues(), complete: isComplete(), filter: filter(), open: rows().filter(isOpen).map(row => row.dataset.field), marks: [...marks],
  focused: document.activeElement.closest("tr[data-field]")?.dataset.field,
}))
setTabStop($(".open"))
if (restoredState) {
  restoredState.open.filter(rowOf).forEach(key => open(rowOf(key), true))
  restoredState.marks.filter(([key]) => rowOf(key)).forEach(([key, {was}]) => mark(key, was, "unseen"))
  const findMissedChanges = () => restoredState.complete && isComplete() ? markChanges(restoredState.values, "unseen") : []
  findMissedChanges()
  announceReconnect(findMissedChanges, n => n ? tPlural("live.back", n) : t("live.back_unchanged"))
  selectFilter(restoredState.filter)
  const row = rowOf(restoredState.focused)
  if (row && !row.hidden) { setTabStop(opener(row)); opener(row).focus({preventScroll: true}) }
}

// ── which section is in view ──
const links = $$(".sections a"), seen = new Set()
const observer = new IntersectionObserver(entries => {
  entries.forEach(entry => seen[entry.isIntersecting ? "add" : "delete"](entry.target.id))
  const now = links.find(link => seen.has(link.hash.slice(1)))
  links.forEach(link => link === now ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current"))
}, {rootMargin: "-40px 0px -60% 0px"})
$$(".form > tbody").forEach(part => observer.observe(part))
