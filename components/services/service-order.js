/**
 * The order of the services in the overview, in which a report leads to the next one: as the overview was last sorted and
 * filtered in this tab, else as it is by default.
 */

import {session} from "../layout/storage.js"

const ORDER_KEY = "service-order"

/**
 * Remember the services that the overview shows, in their order.
 *
 * @param {string[]} ids
 */
export function saveOrder(ids) {
  session.set(ORDER_KEY, ids.join(" "))
}

/** @type {Map<string, string[]>} By period; it stays the same as long as the page, so that steps go round no circle. */
const fetched = new Map()

/**
 * Return the overview's default order.
 *
 * @param {string} periodId
 * @returns {Promise<string[]>} Empty if the server does not answer.
 */
async function fetchOrder(periodId) {
  const known = fetched.get(periodId)
  if (known) return known
  const query = new URLSearchParams({period_id: periodId})
  try {
    const response = await fetch(`${document.body.dataset.prefix}/overview/order?${query}`)
    const ids = response.ok ? await response.json() : []
    fetched.set(periodId, ids)
    return ids
  } catch {
    return []
  }
}

/**
 * @typedef {object} Step
 * @property {string | null} id The service that the step leads to; null past an end, or if the order is not known.
 * @property {number} place The place of that service, from 1.
 * @property {number} total 0 if the order is not known.
 */

/**
 * Return where a step from a service leads.
 *
 * @param {string[]} order
 * @param {string} id
 * @param {1 | -1} direction
 * @returns {Step}
 */
export function stepIn(order, id, direction) {
  const index = order.indexOf(id) + direction
  return {id: order[index] ?? null, place: index + 1, total: order.length}
}

/**
 * Return the next service in the overview's order, or the previous one.
 *
 * @param {string} id The service that is shown.
 * @param {string} periodId
 * @param {1 | -1} direction
 */
export async function neighbor(id, periodId, direction) {
  const saved = session.get(ORDER_KEY)?.split(" ") ?? []
  const order = saved.includes(id) ? saved : await fetchOrder(periodId)
  return order.includes(id) ? stepIn(order, id, direction) : {id: null, place: 0, total: 0}
}
