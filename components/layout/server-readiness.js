/** Whether the server would answer now. */

const TIMEOUT_MS = 5000

export async function isServerReady() {
  try {
    const response = await fetch(`${document.body.dataset.prefix}/readyz`, {
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return response.ok
  } catch {
    return false
  }
}
