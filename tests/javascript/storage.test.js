import assert from "node:assert/strict"
import {readdirSync, readFileSync} from "node:fs"
import {describe, it} from "node:test"
import {openPage} from "./support/page.js"

openPage("")
const {GuardedStorage, setCookie} = await import("../../components/layout/storage.js")

function blocked() {
  return new GuardedStorage(() => {
    throw new DOMException("The operation is insecure.", "SecurityError")
  })
}

function full() {
  const storage = /** @type {any} */ ({
    getItem: () => null,
    removeItem() {},
    setItem() {
      throw new DOMException("The quota has been exceeded.", "QuotaExceededError")
    },
  })
  return new GuardedStorage(() => storage)
}

describe("storage", () => {
  it("stores in the browser", () => {
    const storage = new GuardedStorage(() => sessionStorage)
    storage.set("a", "1")
    assert.equal(sessionStorage.getItem("a"), "1")
    assert.equal(storage.take("a"), "1")
    assert.equal(sessionStorage.getItem("a"), null)
    assert.equal(storage.get("a"), null)
    assert.equal(storage.isPersistent, true)
  })

  for (const [name, create] of /** @type {const} */ ([
    ["blocked", blocked],
    ["full", full],
  ])) {
    it(`remembers as long as the page lives if it is ${name}`, () => {
      const storage = create()
      storage.set("a", "1")
      assert.equal(storage.get("a"), "1")
      storage.remove("a")
      assert.equal(storage.get("a"), null)
      assert.equal(storage.isPersistent, false)
    })
  }

  it("is accessed by no other script", () => {
    const components = new URL("../../components/", import.meta.url)
    const scripts = readdirSync(components, {recursive: true, encoding: "utf8"}).filter(
      path => path.endsWith(".js") && !path.startsWith("vendor") && path !== "layout/storage.js",
    )
    assert.ok(scripts.length > 15)
    const users = scripts.filter(path =>
      /(local|session)Storage|\.cookie\b/.test(
        readFileSync(new URL(path, components), "utf8").replace(/^\s*(\*|\/\/|\/\*).*$/gm, ""),
      ),
    )
    assert.deepEqual(users, [])
  })
})

describe("setCookie", () => {
  it("tells that the browser has stored it", () => {
    assert.equal(setCookie("theme", "dark", "/"), true)
    assert.match(document.cookie, /theme=dark/)
  })

  it("tells that the browser has not", () => {
    const page = document
    Object.defineProperty(globalThis, "document", {value: {cookie: "", set: undefined}, configurable: true})
    Object.defineProperty(document, "cookie", {get: () => "", set() {}})
    assert.equal(setCookie("theme", "dark", "/"), false)
    Object.defineProperty(globalThis, "document", {value: page, configurable: true, writable: true})
  })
})
