import createClient, { type Middleware } from 'openapi-fetch'
import { Failure, readFailure } from './failure'
import type { paths } from './schema'

const CSRF_COOKIE = 'workbot_csrf'

/** The value of a cookie that scripts may read. */
export function readCookie(name: string, cookies = document.cookie): string | null {
  const found = cookies.split('; ').find((pair) => pair.startsWith(`${name}=`))
  return found ? decodeURIComponent(found.slice(name.length + 1)) : null
}

const isReading = (method: string) => method === 'GET' || method === 'HEAD'

let whenSignedOut: () => void = () => {}

/** Says what is to be done when the server no longer knows who asks. */
export function onSignedOut(listener: () => void) {
  whenSignedOut = listener
}

/** Headers of a request that changes something. */
export function csrfHeaders(method: string): Record<string, string> {
  const csrf = isReading(method) ? null : readCookie(CSRF_COOKIE)
  return csrf ? { 'X-CSRF-Token': csrf } : {}
}

const session: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(csrfHeaders(request.method))) request.headers.set(name, value)
    return request
  },
  onResponse({ response }) {
    if (response.status === 401 && !response.url.endsWith('/api/user/info')) whenSignedOut()
  },
}

export const client = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' })
client.use(session)

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The `data` of an answer; every refusal is thrown as a `Failure`. */
export async function unwrap<T>(answering: Promise<Answer<{ data: T }>>): Promise<T> {
  let answer: Answer<{ data: T }>
  try {
    answer = await answering
  } catch {
    throw new Failure(0, 'no_answer', '', null, {})
  }
  if (!answer.data) throw readFailure(answer.response, answer.error)
  return answer.data.data
}

/** A route that the committed description of the API does not have yet. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: { ...csrfHeaders(method), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch {
    throw new Failure(0, 'no_answer', '', null, {})
  }
  const answer: unknown = await response.json().catch(() => null)
  if (response.status === 401 && !path.startsWith('/api/user/log')) whenSignedOut()
  if (!response.ok) throw readFailure(response, answer)
  return (answer as { data: T }).data
}

/** A key that makes repeating a creation harmless. */
export const idempotencyKey = () => crypto.randomUUID()
