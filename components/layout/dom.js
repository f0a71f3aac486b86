// What every page does: theme, language, dialogs and searching on all of them; on live ones, patching regions and pausing (line.js sees to the line).

export const $ = (selector, within = document) => within.querySelector(selector)
export const $$ = (selector, within = document) => [...within.querySelectorAll(selector)]
const root = document.documentElement
const prefix = document.body.dataset.prefix
const texts = JSON.parse($("#texts")?.textContent ?? "{}")

/** A text of the server's with its names filled in. */
export const t = (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name])
/** The form for that number. */
export const tPlural = (key, n, values = {}) => t(`${key}.${n === 1 ? "one" : "other"}`, {n, ...values})
/** Politely, to a screen reader. */
export const announce = sentence => { $("#said").textContent = sentence }
/** To the view's Python. */
export const send = message => document.dispatchEvent(new CustomEvent("live:send", {detail: message}))
export const isLive = () => root.dataset.live === "on" || root.dataset.live === "paused"

// ── theme and language: kept in cookies, which the server reads ──
const setCookie = (name, value) => { document.cookie = `${name}=${value}; path=${prefix}/; max-age=31536000; samesite=lax` }
const withoutParameter = name => { const url = new URL(location); url.searchParams.delete(name); return url }

function swapTheme() {
  const theme = root.dataset.colorScheme === "dark" ? "light" : "dark"
  root.dataset.colorScheme = theme
  $$("[data-action=theme][aria-pressed]").forEach(button => { button.ariaPressed = theme === "dark" })
  setCookie("theme", theme)
  history.replaceState(history.state, "", withoutParameter("theme"))
}

function swapLanguage(language) {
  setCookie("lang", language)
  location.replace(withoutParameter("lang"))
}

// ── patches: the regions that the server has drawn anew ──
// These attributes are the browser's own: what is open, chosen, marked or hidden here.
const CLIENT_ATTRIBUTES = new Set(["hidden", "open", "aria-expanded", "aria-pressed", "aria-current", "tabindex", "data-changed"])

/** Makes `old` equal to `fresh` while it stays in place, so that focus, selection and what is open stay too. */
export function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) { old.replaceWith(fresh); return }
  if (old.nodeType !== Node.ELEMENT_NODE) { if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue; return }
  if ("clientOwned" in old.dataset) return
  for (const {name, value} of fresh.attributes) if (!CLIENT_ATTRIBUTES.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value)
  for (const {name} of [...old.attributes]) if (!CLIENT_ATTRIBUTES.has(name) && !fresh.hasAttribute(name)) old.removeAttribute(name)
  const before = [...old.childNodes], after = [...fresh.childNodes]
  after.forEach((node, i) => before[i] ? morph(before[i], node) : old.append(node))
  before.slice(after.length).forEach(node => node.remove())
  if (old.nodeName === "SELECT") { const chosen = $("option[selected]", old); if (chosen) old.value = chosen.value }
}

/** Writes regions, HTML by id, into the page. */
export function patch(regions) {
  for (const [id, html] of Object.entries(regions)) {
    const old = $(`[data-region="${id}"]`)
    if (!old) continue
    const template = document.createElement("template")
    template.innerHTML = html
    morph(old, template.content.firstElementChild)
  }
}

let applyPatch = patch
/** A view that marks what changes puts its own in place of `patch`. */
export const setPatchHandler = handler => { applyPatch = handler }

// ── pause: patches wait, the newest of each region ──
let pendingPatches = {}
export const setPaused = paused => {
  if (!isLive()) return
  root.dataset.live = paused ? "paused" : "on"
  if (!paused) { const pending = pendingPatches; pendingPatches = {}; applyPatch(pending) }
  document.dispatchEvent(new CustomEvent("live:waiting", {detail: pendingPatches}))
}

let wasLive = false
document.addEventListener("live:on", () => {
  wasLive = true
  if (root.dataset.live !== "paused") root.dataset.live = "on"
})
// What a person has just asked for does not wait: an answer, the list of services, a history that is empty yet.
const isRequested = id => ["answer", "services"].includes(id) || (id.startsWith("history-") && !$(`[data-region="${id}"] table`))
document.addEventListener("live:regions", ({detail}) => {
  if (wasLive && root.dataset.live === "lost") return   // it stays as it was left, and catches up when it is back
  if (root.dataset.live !== "paused") { applyPatch(detail); return }
  const all = Object.entries(detail)
  patch(Object.fromEntries(all.filter(([id]) => isRequested(id))))
  Object.assign(pendingPatches, Object.fromEntries(all.filter(([id]) => !isRequested(id))))
  document.dispatchEvent(new CustomEvent("live:waiting", {detail: pendingPatches}))
})

// ── searching in a list of services ──
/** Shows the services whose name or number holds what is typed. */
export function filterList(list, query) {
  const term = query.trim().toLowerCase()
  let shown = 0
  for (const item of list.children) {
    item.hidden = !item.textContent.toLowerCase().includes(term)
    shown += !item.hidden
  }
  const none = $("[data-empty-message]", list.parentElement)
  if (none) none.hidden = shown > 0
}

document.addEventListener("change", ({target}) => { if (target.dataset.setting === "lang") swapLanguage(target.value) })

// Older browsers do not know the `command` attribute.
const knowsCommands = "commandForElement" in HTMLButtonElement.prototype
document.addEventListener("click", event => {
  const choice = event.target.closest("[data-language]")
  if (choice) { event.preventDefault(); swapLanguage(choice.dataset.language) }
  const command = event.target.closest("button[commandfor]")
  if (command && !knowsCommands) {
    const dialog = document.getElementById(command.getAttribute("commandfor"))
    if (command.getAttribute("command") === "close") dialog.close(); else dialog.showModal()
  }
  switch (event.target.closest("[data-action]")?.dataset.action) {
    case "theme": swapTheme(); break
    case "print": print(); break
    case "pause": setPaused(root.dataset.live !== "paused"); break
  }
})

// ── single keys, outside text fields, unless switched off (WCAG 2.1.4) ──
const KEYS_OFF = "keys-off"
const keys = {t: swapTheme, p: () => setPaused(root.dataset.live !== "paused"), "?": () => $("#keys")?.showModal()}
/** The menu of files and print; false where there is nothing to export. */
export const openExport = () => {
  if (!$("#export")) return false
  $("#export").showPopover({source: $("[popovertarget=export]")})
}
/** A view's own keys: what to do, by key. */
export const addShortcuts = shortcuts => Object.assign(keys, shortcuts)
const areShortcutsEnabled = () => localStorage.getItem(KEYS_OFF) === null
const keySwitch = $("#single-keys")
if (keySwitch) {
  keySwitch.checked = areShortcutsEnabled()
  keySwitch.addEventListener("change", () => keySwitch.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1"))
}
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || $("dialog[open]")) return
  if (event.target.matches("input:not([type=radio], [type=checkbox]), textarea, select") || event.target.isContentEditable) return
  const act = areShortcutsEnabled() && keys[event.key]
  if (act && act(event) !== false) event.preventDefault()
})
