import assert from "node:assert/strict"
import {beforeEach, describe, it} from "node:test"
import {brokenStatus, groupIntoDeliveries} from "../../components/deliveries/upload.js"
import {isRetryable, UploadQueue} from "../../components/deliveries/upload-queue.js"

/** @typedef {import("../../components/deliveries/upload.js").UploadResult} UploadResult */
/** @typedef {import("../../components/deliveries/upload-queue.js").Upload} Upload */

const LIMIT = 100
const file = (/** @type {string} */ name, size = 1) => new File(["x".repeat(size)], name)
const settle = () => new Promise(resolve => setImmediate(resolve))

/** Requests whose progress and answer a test decides. */
class FakeServer {
  /** @type {{name: string, key: string, progress: (share: number) => void, answer: (status: number, id?: string) => Promise<unknown>}[]} */
  requests = []

  /** @type {import("../../components/deliveries/upload-queue.js").UploadQueueOptions["send"]} */
  send = ({files, key}, {onProgress, signal}) =>
    new Promise(resolve => {
      signal.addEventListener("abort", () => resolve({status: -1, id: null}))
      this.requests.push({
        name: files[0]?.name ?? "",
        key,
        progress: onProgress,
        answer: (status, id) => {
          resolve({status, id: id ?? null})
          return settle()
        },
      })
    })

  /** @param {number} index */
  request(index) {
    const request = this.requests[index]
    assert.ok(request)
    return request
  }

  get names() {
    return this.requests.map(({name}) => name)
  }
}

describe("UploadQueue", () => {
  /** @type {FakeServer} */
  let server
  /** @type {UploadQueue} */
  let queue
  /** @type {Map<string, Upload>} The uploads that are in the queue, by the name of their first file. */
  let uploads
  /** @type {string[]} */
  let stored

  beforeEach(() => {
    server = new FakeServer()
    uploads = new Map()
    stored = []
    queue = new UploadQueue({
      send: server.send,
      limit: LIMIT,
      onChange: upload => uploads.set(upload.files[0]?.name ?? "", upload),
      onRemove: upload => uploads.delete(upload.files[0]?.name ?? ""),
      onStored: ({id}) => stored.push(id),
    })
  })

  /** @param {...File} files */
  function enqueue(...files) {
    queue.add(groupIntoDeliveries(files, false, LIMIT))
    queue.start()
  }
  const states = () => Object.fromEntries([...uploads].map(([name, {state, fault}]) => [name, fault ?? state]))
  /** @param {string} name */
  function upload(name) {
    const found = uploads.get(name)
    assert.ok(found)
    return found
  }

  it("sends three at a time, in order", async () => {
    enqueue(...["1.zip", "2.zip", "3.zip", "4.zip", "5.zip"].map(name => file(name)))
    assert.deepEqual(server.names, ["1.zip", "2.zip", "3.zip"])
    assert.deepEqual(states(), {
      "1.zip": "sending",
      "2.zip": "sending",
      "3.zip": "sending",
      "4.zip": "waiting",
      "5.zip": "waiting",
    })
    await server.request(1).answer(202, "dlv-2")
    assert.deepEqual(server.names, ["1.zip", "2.zip", "3.zip", "4.zip"])
    assert.deepEqual(stored, ["dlv-2"])
  })

  it("shows an upload as storing once all of it is sent", async () => {
    enqueue(file("1.zip"))
    server.request(0).progress(0.5)
    assert.deepEqual([upload("1.zip").state, upload("1.zip").share], ["sending", 0.5])
    server.request(0).progress(1)
    assert.equal(upload("1.zip").state, "storing")
    await server.request(0).answer(202, "dlv-1")
    assert.equal(upload("1.zip").state, "stored")
    queue.removeStored("dlv-1")
    assert.equal(queue.isEmpty, true)
  })

  for (const [status, fault, canRetry] of /** @type {const} */ ([
    [-2, "changed", false],
    [0, "cut", true],
    [403, "refused", true],
    [413, "too_large", false],
    [415, "type", false],
    [429, "busy", true],
    [503, "busy", true],
    [507, "no_room", true],
    [500, "unexpected", true],
  ])) {
    it(`fails as ${fault} with status ${status}, which ${canRetry ? "can" : "cannot"} be tried again`, async () => {
      enqueue(file("1.zip"))
      await server.request(0).answer(status)
      assert.deepEqual(states(), {"1.zip": fault})
      assert.equal(isRetryable(upload("1.zip")), canRetry)
    })
  }

  it("tries again with the same key", async () => {
    enqueue(file("1.zip"))
    await server.request(0).answer(0)
    queue.retry(upload("1.zip"))
    assert.deepEqual(states(), {"1.zip": "sending"})
    assert.equal(server.request(1).key, server.request(0).key)
  })

  it("does not send what the server would refuse", () => {
    enqueue(file("empty.xml", 0), file("large.zip", LIMIT + 1), file("good.zip"))
    assert.deepEqual(states(), {"empty.xml": "empty", "large.zip": "too_large", "good.zip": "sending"})
    assert.deepEqual(server.names, ["good.zip"])
  })

  it("starts the next upload when one is cancelled", async () => {
    enqueue(...["1.zip", "2.zip", "3.zip", "4.zip"].map(name => file(name)))
    queue.cancel(upload("2.zip"))
    await settle()
    assert.deepEqual(states(), {"1.zip": "sending", "3.zip": "sending", "4.zip": "sending"})
  })

  it("does not bring a cancelled upload back when its progress comes late", async () => {
    enqueue(file("1.zip"))
    queue.cancel(upload("1.zip"))
    server.request(0).progress(0.9)
    await settle()
    assert.deepEqual(states(), {})
  })

  it("tells what would be lost if the page were left", async () => {
    enqueue(file("1.zip"))
    assert.deepEqual([queue.isBusy, queue.hasUnsent], [true, true])
    await server.request(0).answer(0)
    assert.deepEqual([queue.isBusy, queue.hasUnsent], [false, true])
    queue.retry(upload("1.zip"))
    await server.request(1).answer(202, "dlv-1")
    assert.deepEqual([queue.isBusy, queue.hasUnsent], [false, false])
  })
})

describe("groupIntoDeliveries", () => {
  const names = (/** @type {File[]} */ files, full = false) =>
    groupIntoDeliveries(files, full, LIMIT).map(delivery => delivery.files.map(({name}) => name))

  it("sends archives by themselves and loose folders together", () => {
    assert.deepEqual(names([file("a.xml"), file("b.ZIP"), file("c.XML"), file("d.csv")]), [
      ["b.ZIP"],
      ["d.csv"],
      ["a.xml", "c.XML"],
    ])
  })

  it("keeps a folder that cannot be sent apart from the others", () => {
    assert.deepEqual(names([file("a.xml"), file("empty.xml", 0), file("large.xml", LIMIT + 1)]), [
      ["empty.xml"],
      ["large.xml"],
      ["a.xml"],
    ])
  })

  it("makes a full delivery of all files", () => {
    const [delivery] = groupIntoDeliveries([file("a.xml", 2), file("b.zip", 3)], true, LIMIT)
    assert.deepEqual([delivery?.files.length, delivery?.size, delivery?.full], [2, 5, true])
  })

  it("makes no delivery of no files", () => {
    assert.deepEqual(groupIntoDeliveries([], true, LIMIT), [])
  })

  it("gives each delivery its own key", () => {
    const keys = groupIntoDeliveries([file("a.zip"), file("b.zip")], false, LIMIT).map(({key}) => key)
    assert.equal(new Set(keys).size, 2)
    for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/)
  })
})

describe("brokenStatus", () => {
  const unreadable = file("changed.xml")
  unreadable.slice = () => {
    const blob = new Blob()
    blob.arrayBuffer = () => Promise.reject(new DOMException("changed", "NotReadableError"))
    return blob
  }

  it("is the connection's fault while the files can be read", async () => {
    assert.equal(await brokenStatus([file("1.xml"), file("2.xml")]), 0)
  })

  it("is a file's fault if it has changed on the disk", async () => {
    assert.equal(await brokenStatus([file("1.xml"), unreadable]), -2)
  })
})
