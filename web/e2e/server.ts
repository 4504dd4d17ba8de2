import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'

const BINARY = process.env.CONSOLE_SERVER ?? join(process.env.CARGO_TARGET_DIR ?? new URL('../../target', import.meta.url).pathname, 'debug/workbot')

/** The server reads its settings from variables of this name; those of whoever runs the tests are not meant. */
const ENVIRONMENT = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WORKBOT')))

export type Role = 'admin' | 'viewer' | 'user'
const PHONES: Record<Role, string> = { admin: '13800000001', viewer: '13800000002', user: '13800000003' }

export interface Phone {
  robotId: string
  token: string
}

/**
 * A server on a fresh database, behind a proxy of ours: browsers cannot add a header to a socket, so the proxy adds the bearer
 * token of whoever is signed in. The page itself knows nothing of it.
 */
export class WorkBot {
  private child: ChildProcess | null = null
  private readonly folder: string
  private readonly config: string
  private readonly tokens = new Map<Role, string>()
  private readonly sockets = new Set<Socket>()
  private proxy: Server | null = null
  private role: Role | null = 'admin'
  private port = 0
  url = ''

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `workbot-console-${name}-`))
    this.config = join(this.folder, 'console.toml')
  }

  async start() {
    // Whoever has no platform is answered by the flow, at once.
    writeFileSync(this.config, '[session]\nburst_quiet_ms = 0\n')
    await this.serve(0)
    for (const [role, phone] of Object.entries(PHONES) as [Role, string][]) {
      this.run('users', 'create', '--phone', phone, '--role', role, '--json')
      this.tokens.set(role, (this.run('token', '--phone', phone, '--json') as { token: string }).token)
    }
    this.proxy = createServer((incoming, outgoing) => {
      const forward = request({ host: '127.0.0.1', port: this.port, method: incoming.method, path: incoming.url, headers: this.headersOf(incoming) }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      })
      forward.on('error', () => outgoing.writeHead(502).end())
      incoming.pipe(forward)
    })
    this.proxy.on('upgrade', (incoming, socket: Socket, head: Buffer) => this.upgrade(incoming, socket, head))
    this.proxy.listen(0, '127.0.0.1')
    await once(this.proxy, 'listening')
    this.url = `http://127.0.0.1:${(this.proxy.address() as AddressInfo).port}`
  }

  /** Serves on a port; 0 takes any. */
  private async serve(port: number) {
    const child = spawn(BINARY, ['serve', '--host', '127.0.0.1', '--port', String(port), '--data-dir', this.folder, '--config', this.config], { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'ignore'] })
    this.child = child
    this.port = await new Promise<number>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)
        if (found) resolve(Number(found[1]))
      })
      child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it listened`)))
    })
    // It listens before it serves: what comes earlier is answered 503.
    while (!(await fetch(`http://127.0.0.1:${this.port}/readyz`)).ok) await setTimeout(20)
  }

  /** As a power cut would. */
  async kill() {
    const child = this.child
    this.child = null
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  restart = () => this.serve(this.port)

  async stop() {
    await this.kill()
    this.sockets.forEach((socket) => socket.destroy())
    this.proxy?.closeAllConnections()
    this.proxy?.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  signInAs(role: Role | null) {
    this.role = role
  }

  /** A native phone with its token. */
  phone(name: string): Phone {
    return this.run('robots', 'create', '--name', name, '--json') as Phone
  }

  /** Somebody writes to the robot. */
  async receive(phone: Phone, spoken: string, receivedName = '张三', groupName = '') {
    const body = { spoken, rawSpoken: spoken, receivedName, groupName, roomType: groupName ? 1 : 4, atMe: true, textType: 1 }
    await this.post('/api/robot/messages', phone.token, body)
  }

  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.post(path, this.tokens.get('admin') ?? '', body, method)
  }

  private async post(path: string, token: string, body: unknown, method = 'POST') {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return (JSON.parse(text) as { data: unknown }).data
  }

  private run(...command: string[]): unknown {
    return JSON.parse(execFileSync(BINARY, ['--data-dir', this.folder, ...command], { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'ignore'] }).toString())
  }

  private headersOf(incoming: IncomingMessage) {
    const token = this.role && this.tokens.get(this.role)
    return { ...incoming.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) }
  }

  private upgrade(incoming: IncomingMessage, socket: Socket, head: Buffer) {
    const target = connect(this.port, '127.0.0.1', () => {
      const headers = Object.entries(this.headersOf(incoming)).map(([name, value]) => `${name}: ${String(value)}`)
      target.write(`GET ${incoming.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
      target.write(head)
      target.pipe(socket).pipe(target)
    })
    for (const [one, other] of [[socket, target], [target, socket]] as const) {
      this.sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        other.destroy()
        this.sockets.delete(one)
      })
    }
  }
}
