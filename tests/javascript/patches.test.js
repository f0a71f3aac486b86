import assert from "node:assert/strict"
import {beforeEach, it} from "node:test"
import {openPage} from "./support/page.js"

openPage("")
const {isPaused, patch, setPatchHandler, setPaused} = await import("../../components/live/patches.js")
const {$} = await import("../../components/layout/dom.js")

const emit = (/** @type {string} */ name, /** @type {unknown} */ detail = undefined) =>
  document.dispatchEvent(new CustomEvent(name, {detail}))
const region = (/** @type {string} */ id, /** @type {number} */ n) => `<p data-region="${id}">${n}</p>`
const texts = () => [$("[data-region=a]").textContent, $("[data-region=answer]").textContent]

beforeEach(() => {
  document.body.innerHTML = region("a", 0) + region("answer", 0)
  document.documentElement.dataset.live = "on"
  setPatchHandler(patch)
  emit("live:on")
})

it("a region of the server is written into the page", () => {
  emit("live:regions", {a: region("a", 1), unknown: region("unknown", 1)})
  assert.deepEqual(texts(), ["1", "0"])
})

it("while paused, regions wait and the newest of each is applied", () => {
  /** @type {string[][]} */
  const waiting = []
  document.addEventListener("live:waiting", event =>
    waiting.push(Object.keys(/** @type {CustomEvent} */ (event).detail)),
  )
  setPaused(true)
  emit("live:regions", {a: region("a", 1)})
  emit("live:regions", {a: region("a", 2)})
  assert.deepEqual(texts(), ["0", "0"])
  setPaused(false)
  assert.deepEqual(texts(), ["2", "0"])
  assert.deepEqual(waiting, [[], ["a"], ["a"], []])
})

it("while paused, what the user has asked for is applied at once", () => {
  setPaused(true)
  document.body.innerHTML += region("chosen", 0)
  emit("live:regions", {a: region("a", 1), answer: region("answer", 1), chosen: region("chosen", 1)})
  assert.deepEqual(texts(), ["0", "1"])
  assert.equal($("[data-region=chosen]").textContent, "1")
})

it("a page that has lost its connection stays as it was", () => {
  document.documentElement.dataset.live = "lost"
  emit("live:regions", {a: region("a", 1)})
  assert.deepEqual(texts(), ["0", "0"])
  setPaused(true)
  assert.equal(isPaused(), false)
})

it("a view's handler gets the regions in place of the page", () => {
  /** @type {unknown[]} */
  const handled = []
  setPatchHandler(regions => handled.push(regions))
  emit("live:regions", {a: region("a", 1)})
  assert.deepEqual(handled, [{a: region("a", 1)}])
  assert.deepEqual(texts(), ["0", "0"])
})
