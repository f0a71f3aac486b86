import assert from "node:assert/strict"
import {beforeEach, it} from "node:test"
import {openPage} from "./support/page.js"

const FORM = `<form class="slot__form"><div class="free-text">
  <textarea id="SLOT-text" maxlength="500" required></textarea><p class="count"></p>
  <p data-field="validation" data-missing="write" hidden></p></div>
  <p data-connection-state="lost">offline</p><p data-request-error hidden></p>
  <button type="submit">Send</button><button type="button" data-closes-form>Cancel</button></form>`
const ROW = `
  <button id="open-answer-a" data-opens-form="acknowledge" aria-controls="answer-a" data-rule="big" data-field="a"></button>
  <div class="slot" id="answer-a"></div>
  <ul><li><p class="comment__text">Old text</p>
    <button id="open-edit-1" data-opens-form="edit_comment" aria-controls="edit-1" data-comment="cmt-1"></button>
    <div class="slot" id="edit-1"></div>
    <span data-author="kari"><button id="delete-1" data-requests="delete_comment" data-comment="cmt-1"
      data-next="open-answer-a" data-sure="Sure?">Delete</button></span></li></ul>`
openPage(`
<table><thead data-region="columns" data-identity="org-1 2024 2023"></thead></table>
<div id="row">${ROW}</div>
<div data-region="approver"></div>
<template id="form-acknowledge">${FORM}</template><template id="form-comment">${FORM}</template>
<div id="why-offline" popover></div><p id="said"></p>
<script type="application/json" id="texts">{"text.left": "{n}", "answer.done": "answered", "comment.deleted": "deleted"}</script>`)
const {restoreDrafts, saveDrafts, updateForms} = await import("../../components/review/answers.js")
const {setConnectionState} = await import("../../components/live/channel.js")
const {$, find} = await import("../../components/layout/dom.js")

/** What the page has sent. */
let sent = /** @type {any[]} */ ([])
document.addEventListener("live:send", event => sent.push(/** @type {CustomEvent} */ (event).detail))
const settle = () => new Promise(resolve => setTimeout(resolve))

/** @param {string} error Empty on success. */
async function answerWith(error = "") {
  const {request} = sent.at(-1)
  document.dispatchEvent(new CustomEvent("live:answer", {detail: {request, error}}))
  await settle()
}

/**
 * @param {string} slot
 * @param {string} text
 */
function type(slot, text) {
  /** @type {HTMLTextAreaElement} */
  const area = $(`#${slot}-text`)
  area.value = text
  area.dispatchEvent(new Event("input", {bubbles: true}))
}

const submit = (/** @type {string} */ slot) =>
  $(`#${slot} form`).dispatchEvent(new Event("submit", {bubbles: true, cancelable: true}))

beforeEach(() => {
  $("#row").innerHTML = ROW
  $("[data-region=columns]").dataset.identity = "org-1 2024 2023"
  $("#said").textContent = ""
  updateForms()
  sent = []
  setConnectionState("on")
})

it("a form opens in its slot, names what it is about, and closes when that is done", async () => {
  $("#open-answer-a").click()
  assert.equal($("#open-answer-a").getAttribute("aria-expanded"), "true")
  assert.equal(document.activeElement?.id, "answer-a-text")
  submit("answer-a")
  assert.deepEqual(sent, [], "an empty answer is not sent")
  type("answer-a", " Checked ")
  submit("answer-a")
  assert.equal(sent.length, 1)
  const {request: _, ...message} = /** @type {any} */ (sent).at(-1)
  const report = {organization_id: "org-1", period_id: "2024"}
  assert.deepEqual(message, {action: "acknowledge", ...report, rule: "big", field: "a", text: "Checked"})
  await answerWith()
  assert.equal(find("#answer-a form"), null)
  assert.equal($("#said").textContent, "answered")
  assert.equal(document.activeElement?.id, "open-answer-a")
})

it("what is refused or cannot be sent stays in its form", async () => {
  $("#open-answer-a").click()
  type("answer-a", "Checked")
  submit("answer-a")
  await answerWith("gone")
  assert.equal($("#answer-a [data-request-error]").textContent, "gone")
  setConnectionState("lost")
  submit("answer-a")
  await settle()
  assert.equal(sent.length, 1)
  assert.deepEqual(saveDrafts(), [{slot: "answer-a", text: "Checked"}])
})

it("drafts are there again after a reload, where their slot still is", () => {
  restoreDrafts([
    {slot: "answer-a", text: "Half a"},
    {slot: "answer-gone", text: "x"},
  ])
  assert.deepEqual(saveDrafts(), [{slot: "answer-a", text: "Half a"}])
})

it("another report has drafts of its own", () => {
  restoreDrafts([{slot: "answer-a", text: "Of 2024"}])
  $("[data-region=columns]").dataset.identity = "org-1 2023 2022"
  updateForms()
  assert.deepEqual(saveDrafts(), [])
  $("[data-region=columns]").dataset.identity = "org-1 2024 2022"
  updateForms()
  assert.deepEqual(saveDrafts(), [{slot: "answer-a", text: "Of 2024"}])
})

it("a comment is edited from its present text", () => {
  $("#open-edit-1").click()
  assert.deepEqual(saveDrafts(), [{slot: "edit-1", text: "Old text"}])
  $("#edit-1 [data-closes-form]").click()
  assert.deepEqual(saveDrafts(), [])
})

it("what cannot be undone is asked for twice", async () => {
  const button = $("#delete-1")
  button.click()
  assert.equal(button.textContent, "Sure?")
  assert.deepEqual(sent, [])
  button.dispatchEvent(new Event("focusout", {bubbles: true}))
  assert.equal(button.textContent, "Delete")
  button.click()
  button.focus()
  button.click()
  assert.deepEqual(
    sent.map(({action, comment}) => [action, comment]),
    [["delete_comment", "cmt-1"]],
  )
  await answerWith()
  assert.equal($("#said").textContent, "deleted")
  assert.equal(document.activeElement?.id, "open-answer-a")
})

it("where people are named, only its author may change a comment", () => {
  const approver = $("[data-region=approver]")
  Object.assign(approver.dataset, {actor: "ola", named: ""})
  updateForms()
  assert.equal($("[data-author]").hidden, true)
  approver.dataset.actor = "kari"
  updateForms()
  assert.equal($("[data-author]").hidden, false)
})
