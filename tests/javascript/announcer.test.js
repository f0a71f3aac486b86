import assert from "node:assert/strict"
import {beforeEach, it, mock} from "node:test"
import {openPage} from "./support/page.js"

openPage(`<p id="said"></p><div id="log" role="log"></div>`)
const {changeAnnouncer} = await import("../../components/live/announcer.js")
const {$, announceInLog} = await import("../../components/layout/dom.js")

/** @type {(ids: string[]) => void} */
let announceChanges

beforeEach(() => {
  mock.timers.reset()
  mock.timers.enable({apis: ["setTimeout", "Date"], now: 10_000})
  $("#said").textContent = ""
  announceChanges = changeAnnouncer(ids => ids.join())
})

it("the first change is announced at once", () => {
  announceChanges(["a"])
  assert.equal($("#said").textContent, "a")
})

it("changes within two seconds are announced together", () => {
  announceChanges(["a"])
  announceChanges(["b"])
  mock.timers.tick(1000)
  announceChanges(["c", "b"])
  assert.equal($("#said").textContent, "a")
  mock.timers.tick(1000)
  assert.equal($("#said").textContent, "b,c")
})

it("no change is no announcement", () => {
  announceChanges([])
  assert.equal($("#said").textContent, "")
})

it("a logged sentence stays beside the next one, and ten are kept", () => {
  const log = $("#log")
  for (let number = 1; number <= 11; number++) announceInLog(log, `${number}`)
  assert.deepEqual(
    [...log.children].map(each => each.textContent),
    ["2", "3", "4", "5", "6", "7", "8", "9", "10", "11"],
  )
})
