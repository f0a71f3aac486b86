/** Answers to deviations, and comments: forms that open in their place in the page, and buttons that act at once. */

import {FreeTextField} from "../interaction/free-text.js"
import {$, $$, announce, closest, find, parseHtml, t, targetOf} from "../layout/dom.js"
import {requireLine, showOfflineReason} from "../layout/needs-line.js"
import {ask, connectionState} from "../live/channel.js"
import {shownReport} from "./shown-report.js"

/**
 * What an action is about, as its button's `data-*` attributes name it.
 *
 * @typedef {{rule?: string, field?: string, comment?: string}} Target
 */
/** @typedef {{field: FreeTextField, form: HTMLElement, target: Target, action: string}} OpenForm */
/** @typedef {{slot: string, text: string}} Draft */

/** @type {Map<string, OpenForm>} The open forms by the id of their slot. */
const openForms = new Map()

/**
 * @param {HTMLElement} button
 * @returns {Target} Without what it does not name: a message cannot hold `undefined`.
 */
const targetOfButton = ({dataset}) =>
  Object.fromEntries(["rule", "field", "comment"].filter(name => name in dataset).map(name => [name, dataset[name]]))

/**
 * @param {string} slot
 * @returns {HTMLButtonElement | null}
 */
const openerOfSlot = slot => find(`[data-opens-form][aria-controls="${CSS.escape(slot)}"]`)

// ── Forms ──

/**
 * Open the form of a slot, or close it if it is open.
 *
 * @param {HTMLElement} opener
 */
function toggleForm(opener) {
  const slot = opener.getAttribute("aria-controls") ?? ""
  if (openForms.has(slot)) closeForm(slot)
  else openForm(opener).focus()
}

/** @param {HTMLElement} opener */
function openForm(opener) {
  const slot = opener.getAttribute("aria-controls") ?? ""
  const action = opener.dataset.opensForm ?? ""
  const template = $(`#form-${action === "acknowledge" ? "acknowledge" : "comment"}`)
  const form = parseHtml(template.innerHTML.replaceAll("SLOT", slot).trim())
  const place = $(`#${CSS.escape(slot)}`)
  place.replaceChildren(form)
  const field = new FreeTextField($(".free-text", form))
  if (action === "edit_comment") field.value = $(".comment__text", closest("li", place) ?? place).textContent ?? ""
  openForms.set(slot, {field, form, action, target: targetOfButton(opener)})
  opener.setAttribute("aria-expanded", "true")
  return field
}

/**
 * Close a form without sending it, and give the focus to its button.
 *
 * @param {string} slot
 */
function closeForm(slot) {
  const open = openForms.get(slot)
  if (!open) return
  const hadFocus = open.form.contains(document.activeElement)
  openForms.delete(slot)
  open.form.remove()
  const opener = openerOfSlot(slot)
  opener?.setAttribute("aria-expanded", "false")
  if (hadFocus) opener?.focus()
}

/** @param {string} slot */
async function send(slot) {
  const open = openForms.get(slot)
  if (!open?.field.check() || open.form.ariaBusy === "true") return
  const {form, action, field} = open
  const error = $("[data-request-error]", form)
  error.hidden = true
  form.ariaBusy = "true"
  const outcome = await ask({action, ...shownReport(), ...open.target, text: field.value})
  form.ariaBusy = null
  if (outcome === "done") {
    announce(t(action === "acknowledge" ? "answer.done" : "comment.saved"))
    closeForm(slot)
  } else if (outcome === "unsent") {
    const notice = find(`[data-connection-state=${connectionState()}]`, form)
    if (notice) notice.textContent = `${notice.textContent}` // a screen reader reads the alert again
  } else {
    error.textContent = outcome.error
    error.hidden = false
  }
}

// ── Buttons that act at once ──

/** @type {HTMLElement | null} The button that asks whether to go on. */
let unsure = null

/** Let the button that asks say again what it said. */
function calm() {
  if (unsure?.dataset.label) unsure.textContent = unsure.dataset.label
  unsure = null
}

/**
 * Ask whether to do something that cannot be undone.
 *
 * @param {HTMLElement} button
 */
function makeSure(button) {
  calm()
  button.dataset.label = button.textContent ?? ""
  button.textContent = button.dataset.sure ?? ""
  announce(button.textContent)
  unsure = button
}

const DONE = {take_back: "answer.taken_back", delete_comment: "comment.deleted"}

/** @param {HTMLElement} button */
async function request(button) {
  if (button.dataset.sure && unsure !== button) {
    makeSure(button)
    return
  }
  calm()
  const {requests: action = "", next} = button.dataset
  if (!requireLine(button)) return
  const outcome = await ask({action, ...shownReport(), ...targetOfButton(button)})
  if (outcome === "unsent") showOfflineReason(button)
  if (outcome !== "done") return
  announce(t(DONE[/** @type {keyof typeof DONE} */ (action)] ?? "comment.saved"))
  if (next && (document.activeElement === button || document.activeElement === document.body))
    find(`#${CSS.escape(next)}`)?.focus()
}

document.addEventListener("click", event => {
  const target = targetOf(event)
  const opener = closest("[data-opens-form]", target)
  const button = closest("[data-requests]", target)
  if (opener) toggleForm(opener)
  if (closest("[data-closes-form]", target)) closeForm(closest(".slot", target)?.id ?? "")
  if (button) request(button)
  else calm()
})
document.addEventListener("focusout", event => {
  if (event.target === unsure) calm()
})
document.addEventListener("submit", event => {
  const slot = closest(".slot", targetOf(event))
  if (!slot) return
  event.preventDefault()
  send(slot.id)
})

// ── Patches and reloads: what was typed stays ──

/** The drafts of reports that are not shown, by organization and period. */
const otherDrafts = /** @type {Map<string, Draft[]>} */ (new Map())
let draftsOf = ""

const reportKey = () => Object.values(shownReport()).join(" ")

/** @returns {Draft[]} What is typed in the open forms. */
export const saveDrafts = () => [...openForms].map(([slot, {field}]) => ({slot, text: field.typed}))

/**
 * Open forms with what was typed in them. The slot of a deviation that is gone is gone too.
 *
 * @param {Draft[]} drafts
 */
export function restoreDrafts(drafts) {
  for (const {slot, text} of drafts) {
    const opener = openerOfSlot(slot)
    if (opener) openForm(opener).value = text
  }
}

/** Follow a patch: another report has drafts of its own, and an opener that was rendered again is still open. */
export function updateForms() {
  if (draftsOf && draftsOf !== reportKey()) {
    otherDrafts.set(draftsOf, saveDrafts())
    for (const slot of [...openForms.keys()]) closeForm(slot)
    restoreDrafts(otherDrafts.get(reportKey()) ?? [])
  }
  draftsOf = reportKey()
  for (const opener of $$("[data-opens-form]")) {
    const slot = opener.getAttribute("aria-controls") ?? ""
    const open = openForms.get(slot)
    if (open && !open.form.isConnected) openForms.delete(slot)
    opener.setAttribute("aria-expanded", `${openForms.has(slot)}`)
  }
  hideForeignControls()
}

/** Only its author may change a comment, where people are named. */
function hideForeignControls() {
  const {actor, named} = find("[data-region=approver]")?.dataset ?? {}
  for (const controls of $$("[data-author]")) {
    controls.hidden = named !== undefined && controls.dataset.author !== actor
  }
}

updateForms()
