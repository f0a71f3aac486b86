import assert from "node:assert/strict"
import {beforeEach, it, mock} from "node:test"
import {openPage} from "./support/page.js"

const NodeEvent = Event // that of the fake socket, which is no node of the page
openPage("")
const {watchFirstConnection} = await import("../../components/layout/first-connection.js")

class FakeWebSocket extends EventTarget {}

/** @type {string[]} */
let reported = []

beforeEach(() => {
  mock.timers.reset()
  mock.timers.enable({apis: ["setTimeout"]})
  reported = []
  openPage("")
  setReadyState("complete")
  window.WebSocket = /** @type {any} */ (FakeWebSocket)
  watchFirstConnection({
    onOpen: () => reported.push("open"),
    onFailed: () => reported.push("failed"),
    onSilent: () => reported.push("silent"),
    onScriptFailed: () => reported.push("script"),
  })
})

/** @param {DocumentReadyState} state */
function setReadyState(state) {
  Object.defineProperty(document, "readyState", {value: state, configurable: true})
}

const connect = () => new window.WebSocket("ws://localhost/ws", ["bokeh", "token"])

it("a refused connection is reported at once", () => {
  connect().dispatchEvent(new NodeEvent("close"))
  assert.deepEqual(reported, ["failed"])
  mock.timers.tick(10_000)
  assert.deepEqual(reported, ["failed"])
})

it("a connection without an answer is reported after two seconds", () => {
  const socket = connect()
  mock.timers.tick(1999)
  assert.deepEqual(reported, [])
  mock.timers.tick(1)
  assert.deepEqual(reported, ["silent"])
  socket.dispatchEvent(new NodeEvent("open"))
  assert.deepEqual(reported, ["silent", "open"])
})

it("an open connection may take its time with the session", () => {
  connect().dispatchEvent(new NodeEvent("open"))
  mock.timers.tick(60_000)
  assert.deepEqual(reported, ["open"])
})

it("only the first connection is watched", () => {
  const Watched = window.WebSocket
  connect()
  assert.notEqual(window.WebSocket, Watched)
  assert.equal(window.WebSocket, FakeWebSocket)
})

it("scripts that take their time are not reported", () => {
  document.body.innerHTML = "<script type=text/plain src=bokeh.js></script>"
  setReadyState("loading")
  mock.timers.tick(60_000)
  setReadyState("complete")
  mock.timers.tick(60_000)
  assert.deepEqual(reported, [])
})

it("a document whose end does not come is reported after two seconds", () => {
  setReadyState("loading")
  mock.timers.tick(2000)
  assert.deepEqual(reported, ["silent"])
})

it("a document that is cut off after its scripts is reported too", () => {
  document.body.innerHTML = "<script type=text/plain src=bokeh.js></script><script>half of</script>"
  setReadyState("loading")
  mock.timers.tick(2000)
  assert.deepEqual(reported, [])
  const loaded = mock.method(performance, "getEntriesByName", () => [{}])
  mock.timers.tick(2000)
  assert.deepEqual(reported, ["silent"])
  loaded.mock.restore()
})

it("a script that cannot be loaded is reported", () => {
  const script = document.createElement("script")
  document.body.append(script)
  script.dispatchEvent(new Event("error"))
  assert.deepEqual(reported, ["script"])
})
