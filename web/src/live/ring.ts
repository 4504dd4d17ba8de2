/** The last rows by id, oldest first; the oldest makes room. */
export class Ring<Row extends { id: string }> {
  private readonly rows = new Map<string, Row>()
  private forgottenRows = 0

  constructor(readonly capacity: number) {}

  get size() {
    return this.rows.size
  }

  /** Rows that had to make room. */
  get forgotten() {
    return this.forgottenRows
  }

  get(id: string) {
    return this.rows.get(id)
  }

  /** Puts a row in its place, or at the new end. True when it was not there. */
  put(row: Row): boolean {
    const isNew = !this.rows.has(row.id)
    this.rows.set(row.id, row)
    if (this.rows.size > this.capacity) {
      const oldest = this.rows.keys().next()
      if (!oldest.done) this.rows.delete(oldest.value)
      this.forgottenRows += 1
    }
    return isNew
  }

  remove(id: string) {
    this.rows.delete(id)
  }

  clear() {
    this.rows.clear()
    this.forgottenRows = 0
  }

  newestFirst(): Row[] {
    return [...this.rows.values()].toReversed()
  }
}
