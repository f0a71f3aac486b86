import assert from "node:assert/strict"
import {beforeEach, it} from "node:test"
import {openPage} from "../support/page.js"

const texts = {
  "selection.approved": "approved",
  "selection.changed": "changed",
  "selection.count.one": "{n} selected",
  "selection.count.other": "{n} selected",
  "selection.done.one": "{n} done",
  "selection.done.other": "{n} done",
  "selection.hidden": "({n} hidden)",
  "selection.refused.one": "{n} refused",
  "selection.refused.other": "{n} refused",
  "selection.see": "see",
  "selection.send.one": "send {n}",
  "selection.send.other": "send {n}",
  "selection.shown.one": "select {n}",
  "selection.shown.other": "select {n}",
  "text.left": "{n}",
}

/** @param {string} etag Empty if the report cannot be approved. */
const review = etag => (etag ? `<input type="checkbox" data-select value="2024" data-etag='${etag}'>` : "taken")

/**
 * @param {string} name
 * @param {string} [etag]
 */
const row = (name, etag = `"${name}"`) =>
  `<tr data-region="row-${name}"><th><a class="row-link" href="#">${name}</a></th><td class="c-review">${review(etag)}</td></tr>`

/**
 * @param {string} name
 * @param {string} etag
 */
function change(name, etag) {
  $(`[data-region=row-${name}] .c-review`).innerHTML = review(etag)
}

/**
 * @param {string} name
 * @param {string} [etag]
 */
const candidate = (name, etag = `"${name}"`) =>
  `<tr data-candidate data-organization="${name}" data-period="2024" data-snapshot="snap-${name}" data-etag='${etag}'>
   <th><a href="#${name}">${name}</a></th><td data-outcome></td></tr>`

openPage(`<script type="application/json" id="texts">${JSON.stringify(texts)}</script><p id="said"></p>
<table class="list"><thead></thead><tbody class="rows"></tbody></table>
<div id="selection"><button data-action="select-shown"></button><span id="selected-count"></span>
  <button data-action="select-none"></button><button data-action="approve"></button></div>
<dialog id="approve"><h2 id="approve-title" tabindex="-1"></h2><table><tbody data-candidates></tbody></table>
  <p id="approve-result"></p>
  <form><div class="free-text"><textarea></textarea><p class="count"></p><p data-field="validation"></p></div>
    <p data-connection-state="lost">lost</p><p data-request-error hidden></p><button type="submit"></button></form></dialog>`)
const {openApproval, restoreSelection, saveSelection, updateApproval} = await import(
  "../../../components/overview/approval.js"
)
const {select, selectedIds, selectNone, selectShown, updateSelection} = await import(
  "../../../components/overview/selection.js"
)
const {$, $$} = await import("../../../components/layout/dom.js")

/** @type {HTMLDialogElement} */
const dialog = $("#approve")
const tableBody = $(".list tbody")
// happy-dom has no `rows`.
Object.defineProperty(tableBody, "rows", {get: () => tableBody.children})

/** @type {{[key: string]: any}[]} */
let sent = []
/** @type {(message: {[key: string]: any}) => string | null} Returns an error, or null if the connection is lost. */
let answer = () => ""

document.addEventListener("live:send", event => {
  const message = /** @type {CustomEvent} */ (event).detail
  sent.push(message)
  const error = answer(message)
  if (error === null) {
    document.documentElement.dataset.live = "lost"
    document.dispatchEvent(new CustomEvent("live:offline"))
  } else {
    document.dispatchEvent(new CustomEvent("live:answer", {detail: {request: message.request, error}}))
  }
})

/** Until the page has handled what is pending. */
const settled = () => new Promise(resolve => setImmediate(resolve))

/** @param {string[]} names */
async function openOn(...names) {
  answer = message => {
    if (message.action === "candidates") $("[data-candidates]").innerHTML = names.map(name => candidate(name)).join("")
    return ""
  }
  select(names.map(name => `row-${name}`))
  await openApproval($("[data-action=approve]"))
}

async function submit() {
  sent = []
  $("#approve form").dispatchEvent(new Event("submit", {bubbles: true, cancelable: true}))
  await settled()
}

const outcomes = () =>
  $$("[data-candidate]").map(({dataset}) => [
    dataset.organization,
    dataset.outcome,
    $(`[data-organization=${dataset.organization}] td`).textContent,
  ])

beforeEach(() => {
  document.documentElement.dataset.live = "on"
  selectNone()
  dialog.close()
  $(".list tbody").innerHTML = ["a", "b", "c"].map(name => row(name)).join("") + row("d", "")
  updateSelection()
})

it("only shown reports that can be approved are selected, and stay so while they are hidden", () => {
  selectShown()
  assert.deepEqual(selectedIds(), ["row-a", "row-b", "row-c"])
  $("[data-region=row-b]").hidden = true
  updateSelection()
  assert.equal($("#selected-count").textContent, "3 selected (1 hidden)")
  change("a", "")
  updateSelection()
  assert.deepEqual(selectedIds(), ["row-b", "row-c"], "one that cannot be approved any more is not selected")
})

it("each report is sent with the ETag that the dialog shows, and shows its own outcome", async () => {
  await openOn("a", "b", "c")
  assert.deepEqual(sent.at(-1)?.reports, [
    ["a", "2024"],
    ["b", "2024"],
    ["c", "2024"],
  ])
  answer = message => (message.organization_id === "b" ? "it has changed" : "")
  await submit()
  assert.deepEqual(
    sent.map(({action, organization_id, snapshot_id, etag}) => [action, organization_id, snapshot_id, etag]),
    ["a", "b", "c"].map(name => ["approve", name, `snap-${name}`, `"${name}"`]),
  )
  assert.deepEqual(outcomes(), [
    ["a", "approved", "approved"],
    ["b", "refused", "it has changed see"],
    ["c", "approved", "approved"],
  ])
  assert.equal($("#approve-result").textContent, "2 done 1 refused")
  assert.deepEqual(selectedIds(), ["row-b"])
})

it("a report that has changed while the dialog shows it is not sent", async () => {
  await openOn("a", "b", "c")
  change("a", '"newer"')
  change("b", "")
  updateApproval()
  assert.equal($("#approve [type=submit]").textContent, "send 1")
  await submit()
  assert.deepEqual(
    sent.map(message => message.organization_id),
    ["c"],
  )
  assert.deepEqual(outcomes(), [
    ["a", "changed", "changed see"],
    ["b", "changed", "taken see"],
    ["c", "approved", "approved"],
  ])
})

it("what is not sent because the connection is lost can be sent again", async () => {
  await openOn("a", "b")
  answer = message => (message.organization_id === "b" ? null : "")
  await submit()
  assert.deepEqual(outcomes(), [
    ["a", "approved", "approved"],
    ["b", undefined, ""],
  ])
  assert.equal($("#approve [type=submit]").textContent, "send 1")
})

it("after a reload the dialog is back, without what has changed since it was seen", async () => {
  await openOn("a", "b")
  const saved = saveSelection()
  selectNone()
  dialog.close()
  answer = () => {
    $("[data-candidates]").innerHTML = candidate("a") + candidate("b", '"newer"')
    return ""
  }
  restoreSelection(saved)
  document.dispatchEvent(new CustomEvent("live:on"))
  await settled()
  assert.deepEqual(selectedIds(), ["row-a", "row-b"])
  assert.deepEqual(outcomes(), [
    ["a", undefined, ""],
    ["b", "changed", "changed see"],
  ])
  assert.equal(dialog.open, true)
})
