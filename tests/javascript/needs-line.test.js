import assert from "node:assert/strict"
import {beforeEach, it} from "node:test"
import {openPage} from "./support/page.js"

const PAGE = `
<a id="link" href="/preview">Preview</a><a id="anchor" href="#top">Top</a><a id="file" href="/x.csv" download>CSV</a>
<button id="aggregate" data-needs-line>Aggregate</button>
<button id="again" data-needs-line commandfor="dialog">Again</button>
<div id="why-offline" popover></div><p id="said"></p>
<script type="application/json" id="texts">{"why.offline": "offline", "why.connecting": "connecting"}</script>`

openPage(PAGE)
const {setConnectionState} = await import("../../components/live/channel.js")
const {leaveIfReachable} = await import("../../components/layout/needs-line.js")
const {$} = await import("../../components/layout/dom.js")

let serverAnswers = false
/** @type {string[]} The ids of what the reason was shown beside. */
let explained = []
globalThis.fetch = async () => {
  if (!serverAnswers) throw new TypeError("no connection")
  return new Response()
}
const settle = () => new Promise(resolve => setTimeout(resolve))

beforeEach(() => {
  serverAnswers = false
  explained = []
  const reason = /** @type {any} */ ($("#why-offline"))
  reason.showPopover = (/** @type {{source: Element}} */ {source}) => explained.push(source.id)
  reason.matches = () => false
})

/**
 * @param {string} id
 * @param {MouseEventInit} [options]
 * @returns {boolean} Whether the browser would have done what a click does.
 */
const click = (id, options = {}) =>
  $(`#${id}`).dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, ...options}))

it("a live page does what is asked", () => {
  setConnectionState("on")
  for (const id of ["aggregate", "again", "anchor"]) assert.equal(click(id), true)
  assert.deepEqual(explained, [])
})

it("what needs the connection says so while it is lost", () => {
  setConnectionState("lost")
  assert.equal(click("aggregate"), false)
  assert.equal(click("again"), false)
  assert.deepEqual(explained, ["aggregate", "again"])
  assert.equal($("#why-offline").textContent, "offline")
  assert.equal($("#said").textContent, "offline")
})

it("while the page connects, a dialog opens and a request is held back", () => {
  setConnectionState("connecting")
  assert.equal(click("again"), true)
  assert.equal(click("aggregate"), false)
  assert.deepEqual(explained, ["aggregate"])
  assert.equal($("#why-offline").textContent, "connecting")
})

it("links and downloads are held back while the connection is lost", async () => {
  setConnectionState("lost")
  assert.equal(click("link"), false)
  assert.equal(click("file"), false)
  await settle()
  assert.deepEqual(new Set(explained), new Set(["link", "file"]))
})

it("links within the page and to another tab are followed", () => {
  setConnectionState("lost")
  assert.equal(click("anchor"), true)
  assert.equal(click("link", {ctrlKey: true}), true)
  assert.deepEqual(explained, [])
})

it("a link is followed when the server answers", async () => {
  setConnectionState("lost")
  serverAnswers = true
  let followed = 0
  $("#link").addEventListener("click", event => {
    event.preventDefault()
    followed += 1
  })
  click("link")
  assert.equal(followed, 0)
  await settle()
  await settle()
  assert.equal(followed, 1)
})

it("a page that connects is left only if the server answers", async () => {
  setConnectionState("connecting")
  let left = 0
  await leaveIfReachable($("#link"), () => {
    left += 1
  })
  assert.deepEqual([left, explained], [0, ["link"]])
  serverAnswers = true
  await leaveIfReachable($("#link"), () => {
    left += 1
  })
  assert.equal(left, 1)
})
