/**
 * Watches how the page makes its first connection. Bokeh only logs that it failed, and no event of the document tells that
 * the server died in the middle of it.
 */

const NO_ANSWER_MS = 2000

/**
 * @typedef {object} FirstConnectionHandlers
 * @property {() => void} onOpen The WebSocket is open; the session may take its time.
 * @property {() => void} onFailed The WebSocket was refused, or has been closed.
 * @property {() => void} onSilent Nothing has come within two seconds: either the rest of the document, or an answer to the
 *   WebSocket. It may still come.
 * @property {() => void} onScriptFailed A script of the page could not be loaded, so that parts of it do not work.
 */

/**
 * Report what becomes of the first WebSocket that the page opens, and of what must be loaded before it.
 *
 * Must be called before Bokeh's scripts run.
 *
 * @param {FirstConnectionHandlers} handlers
 */
export function watchFirstConnection({onOpen, onFailed, onSilent, onScriptFailed}) {
  const BrowserWebSocket = window.WebSocket
  let timer = setTimeout(checkDocument, NO_ANSWER_MS)

  function checkDocument() {
    if (isDocumentCutOff()) onSilent()
    else if (document.readyState === "loading") timer = setTimeout(checkDocument, NO_ANSWER_MS)
  }

  window.WebSocket = class extends BrowserWebSocket {
    /**
     * @param {string | URL} url
     * @param {string | string[]} [protocols]
     */
    constructor(url, protocols) {
      super(url, protocols)
      window.WebSocket = BrowserWebSocket // the first one only
      clearTimeout(timer)
      timer = setTimeout(onSilent, NO_ANSWER_MS)
      this.addEventListener("open", () => {
        clearTimeout(timer)
        onOpen()
      })
      this.addEventListener("close", () => {
        clearTimeout(timer)
        onFailed()
      })
    }
  }

  const onError = (/** @type {Event} */ event) => {
    if (event.target instanceof HTMLScriptElement) onScriptFailed()
  }
  window.addEventListener("error", onError, true)
}

/**
 * Whether the rest of the document does not come: it is still read, and no script is waited for. The server sends the part
 * that makes the connection when it has created the session; if the server dies before or meanwhile, Chromium keeps the
 * document `loading` without any event.
 */
const isDocumentCutOff = () =>
  document.readyState === "loading" &&
  [...document.scripts].every(({src}) => !src || performance.getEntriesByName(src).length > 0)
