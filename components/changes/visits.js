/** When a report was last looked at in this browser: a visit ends when the page has been away for a while. */

import {local} from "../layout/storage.js"

/** A page that was away for longer comes back for a new visit. */
export const MAX_ABSENCE_MS = 5 * 60 * 1000
/** The visits of so many reports are kept. */
export const MAX_REPORTS = 500
const KEY = "visits"

/** @typedef {{seen: number, before: number | null}} Visit `before`: the end of the visit before this one. Epoch milliseconds. */

/**
 * Return the visit that a look at a report belongs to.
 *
 * @param {Visit | undefined} last
 * @param {number} now
 * @returns {Visit}
 */
export function visitAt(last, now) {
  if (!last) return {seen: now, before: null}
  return {seen: now, before: now - last.seen > MAX_ABSENCE_MS ? last.seen : last.before}
}

/**
 * Return the visits without the oldest ones.
 *
 * @param {Record<string, Visit>} visits By report.
 */
export function newestVisits(visits) {
  const entries = Object.entries(visits).sort(([, one], [, other]) => other.seen - one.seen)
  return Object.fromEntries(entries.slice(0, MAX_REPORTS))
}

/** @returns {Record<string, Visit>} */
function storedVisits() {
  try {
    const visits = JSON.parse(local.get(KEY) ?? "{}")
    return visits !== null && typeof visits === "object" ? visits : {}
  } catch {
    return {}
  }
}

/** Whether the browser remembers visits. */
export const remembersVisits = () => local.isPersistent

/**
 * Note that a report is being looked at, and return when the visit before this one ended; null without one.
 *
 * @param {string} report
 * @param {number} now
 */
export function noteVisit(report, now = Date.now()) {
  const visits = storedVisits()
  const visit = visitAt(visits[report], now)
  local.set(KEY, JSON.stringify(newestVisits({...visits, [report]: visit})))
  return visit.before
}
