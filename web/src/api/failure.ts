/** A refusal of the server, or no answer at all, as pages show it. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly requestId: string | null,
    readonly fields: Record<string, string>,
  ) {
    super(message)
    this.name = 'Failure'
  }

  get isForbidden() {
    return this.status === 403
  }

  get isMissing() {
    return this.status === 404
  }

  /** What an operator hands on to whoever looks into it. */
  get details() {
    return [`HTTP ${this.status}`, this.reason, this.message, this.requestId && `requestId ${this.requestId}`]
      .filter(Boolean)
      .join('\n')
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')

/** Reads the body of a refusal; anything may stand there when a proxy answered. */
export function readFailure(response: Response | undefined, body: unknown): Failure {
  const fields = isRecord(body) ? body : {}
  const data = isRecord(fields.data) ? fields.data : {}
  const named = isRecord(data.fields) ? data.fields : {}
  return new Failure(
    response?.status ?? 0,
    textOf(fields.error) || 'no_answer',
    textOf(fields.message),
    textOf(fields.requestId) || response?.headers.get('x-request-id') || null,
    Object.fromEntries(Object.entries(named).map(([name, sentence]) => [name, String(sentence)])),
  )
}
