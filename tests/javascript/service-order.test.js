import assert from "node:assert/strict"
import {beforeEach, it} from "node:test"
import {openPage} from "./support/page.js"

openPage("")
document.body.dataset.prefix = "/bufdir"
const {neighbor, saveOrder, stepIn} = await import("../../components/services/service-order.js")

/** @type {string[]} */
let requests = []
let isReachable = true

beforeEach(() => {
  requests = []
  isReachable = true
  sessionStorage.clear()
  globalThis.fetch = /** @type {any} */ (
    async (/** @type {string} */ url) => {
      requests.push(url)
      if (!isReachable) throw new TypeError("no connection")
      return {ok: true, json: async () => ["c", "b", "a"]}
    }
  )
})

it("a step leads to the service beside, and past an end to none", () => {
  assert.deepEqual(stepIn(["a", "b", "c"], "b", 1), {id: "c", place: 3, total: 3})
  assert.deepEqual(stepIn(["a", "b", "c"], "b", -1), {id: "a", place: 1, total: 3})
  assert.equal(stepIn(["a", "b"], "b", 1).id, null)
  assert.equal(stepIn(["a", "b"], "a", -1).id, null)
})

it("the order is that in which the overview was left", async () => {
  saveOrder(["a", "c"])
  assert.equal((await neighbor("a", "2024", 1)).id, "c")
  assert.deepEqual(requests, [])
})

it("a service that the overview did not show is in its default order, which is fetched once", async () => {
  saveOrder(["x", "y"])
  assert.deepEqual(await neighbor("b", "2024", 1), {id: "a", place: 3, total: 3})
  assert.equal((await neighbor("a", "2024", -1)).id, "b")
  assert.deepEqual(requests, ["/bufdir/overview/order?period_id=2024"])
})

it("without an answer no order is known, and the next step asks again", async () => {
  isReachable = false
  assert.deepEqual(await neighbor("b", "2023", 1), {id: null, place: 0, total: 0})
  isReachable = true
  assert.equal((await neighbor("b", "2023", 1)).id, "a")
})
