import assert from "node:assert/strict"
import {beforeEach, it} from "node:test"
import {openPage} from "./support/page.js"

openPage("")
const {ask, setConnectionState} = await import("../../components/live/channel.js")

/** @type {{action: string, request: number}[]} */
let sent = []
document.addEventListener("live:send", event => sent.push(/** @type {CustomEvent} */ (event).detail))

/**
 * @param {number} index Of the message that is answered.
 * @param {string} [error]
 */
const answer = (index, error = "") =>
  document.dispatchEvent(new CustomEvent("live:answer", {detail: {request: sent[index]?.request, error}}))

beforeEach(() => {
  sent = []
  setConnectionState("on")
})

it("a request that was done resolves", async () => {
  const outcome = ask({action: "again"})
  answer(0)
  assert.equal(await outcome, "done")
})

it("a refused request tells why", async () => {
  const outcome = ask({action: "again"})
  answer(0, "No.")
  assert.deepEqual(await outcome, {error: "No."})
})

it("each request gets its own answer", async () => {
  const [first, second] = [ask({action: "again"}), ask({action: "delete"})]
  answer(1, "No.")
  answer(0)
  assert.deepEqual([await first, await second], ["done", {error: "No."}])
})

for (const state of /** @type {const} */ (["connecting", "lost"])) {
  it(`nothing is sent while the connection is ${state}`, async () => {
    setConnectionState(state)
    assert.equal(await ask({action: "again"}), "unsent")
    assert.deepEqual(sent, [])
  })
}

it("a request whose answer does not come before the connection is lost is unsent", async () => {
  const outcome = ask({action: "again"})
  document.dispatchEvent(new CustomEvent("live:offline"))
  assert.equal(await outcome, "unsent")
})
