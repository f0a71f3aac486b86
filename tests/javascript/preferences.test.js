import assert from "node:assert/strict"
import {beforeEach, it} from "node:test"
import {openPage} from "./support/page.js"

openPage(`<button data-action="theme" aria-pressed="false"></button>`, {
  url: "http://localhost/bufdir/?theme=dark&q=bø",
})
document.body.dataset.prefix = "/bufdir"
const {swapTheme} = await import("../../components/layout/preferences.js")

beforeEach(() => {
  document.documentElement.dataset.colorScheme = "light"
  history.replaceState(null, "", "http://localhost/bufdir/?theme=light&q=1")
})

it("a theme that a cookie keeps leaves the address", () => {
  swapTheme()
  assert.equal(document.documentElement.dataset.colorScheme, "dark")
  assert.match(document.cookie, /theme=dark/)
  assert.equal(location.search, "?q=1")
})

it("a theme that no cookie keeps goes into the address", () => {
  Object.defineProperty(document, "cookie", {get: () => "", set() {}, configurable: true})
  swapTheme()
  assert.equal(location.search, "?theme=dark&q=1")
})
