// A client of the Rust Playground's and Piston's interfaces, written from their description and with Node.js alone.
//
//   node playground.mjs BASE_URL
//
// Does what bots, editors and pages do, says each step that went as described, and ends with status 1 at the first that did not.
import assert from 'node:assert/strict'
import {createHash, randomBytes} from 'node:crypto'
import http from 'node:http'

const base = new URL(process.argv[2])
const rust = {channel: 'stable', mode: 'debug', edition: '2021', crateType: 'bin', tests: false, backtrace: false}

async function ask(method, path, body) {
  const headers = body === undefined ? {} : {'content-type': 'application/json'}
  const response = await fetch(new URL(path, base), {method, headers, body: body === undefined ? undefined : JSON.stringify(body)})
  const text = await response.text()
  return {status: response.status, headers: response.headers, value: text && JSON.parse(text)}
}

// ---- a WebSocket (RFC 6455): text messages, and the closing frame ----

class Socket {
  constructor(socket, head) {
    this.socket = socket
    this.data = head
    this.waiting = []
    this.messages = []
    socket.on('data', piece => {
      this.data = Buffer.concat([this.data, piece])
      this.#read()
    })
    socket.on('close', () => this.#deliver(null))
    this.#read()
  }

  static open(path) {
    const key = randomBytes(16).toString('base64')
    const request = http.request(new URL(path, base), {
      headers: {connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': key},
    })
    return new Promise((resolve, reject) => {
      request.on('upgrade', (response, socket, head) => {
        const accept = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
        assert.equal(response.headers['sec-websocket-accept'], accept)
        resolve(new Socket(socket, head))
      })
      request.on('response', response => reject(new Error(`no WebSocket: status ${response.statusCode}`)))
      request.on('error', reject)
      request.end()
    })
  }

  #read() {
    for (;;) {
      if (this.data.length < 2) return
      const short = this.data[1] & 127
      const start = short === 126 ? 4 : short === 127 ? 10 : 2
      if (this.data.length < start) return
      const length = short === 126 ? this.data.readUInt16BE(2) : short === 127 ? Number(this.data.readBigUInt64BE(2)) : short
      if (this.data.length < start + length) return
      const opcode = this.data[0] & 15
      const payload = this.data.subarray(start, start + length)
      this.data = this.data.subarray(start + length)
      if (opcode === 1) this.#deliver(payload.toString())
      else if (opcode === 8) this.#deliver(null)
    }
  }

  #deliver(message) {
    const waiting = this.waiting.shift()
    if (waiting) waiting(message)
    else this.messages.push(message)
  }

  receive() {
    if (this.messages.length) return Promise.resolve(this.messages.shift())
    return new Promise(resolve => this.waiting.push(resolve))
  }

  send(text) {
    const payload = Buffer.from(text)
    const mask = randomBytes(4)
    const head = Buffer.alloc(payload.length < 126 ? 2 : 4)
    head[0] = 0x81
    head[1] = 0x80 | (payload.length < 126 ? payload.length : 126)
    if (payload.length >= 126) head.writeUInt16BE(payload.length, 2)
    this.socket.write(Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i & 3])]))
  }

  close() {
    this.socket.destroy()
  }
}

// ---- a session of the Rust Playground's page ----

class Session {
  sequence = 0

  static async open() {
    const session = new Session()
    session.socket = await Socket.open('/websocket')
    const hello = JSON.stringify({type: 'websocket/connected', payload: {iAcceptThisIsAnUnsupportedApi: true}, meta: {sequenceNumber: 0}})
    session.socket.send(hello)
    assert.equal(await session.socket.receive(), hello)
    const flags = JSON.parse(await session.socket.receive())
    assert.equal(flags.type, 'featureFlags')
    assert.equal(flags.meta.sequenceNumber, -1)
    return session
  }

  tell(type, payload) {
    this.socket.send(JSON.stringify({type: `output/execute/${type}`, payload, meta: {sequenceNumber: this.sequence}}))
  }

  start(code) {
    this.sequence++
    this.tell('wsExecuteRequest', {...rust, code})
  }

  // Messages of this execution up to one of which `last` is true; with the text of both streams.
  async until(last) {
    const seen = {stdout: '', stderr: ''}
    for (;;) {
      const message = JSON.parse(await this.socket.receive())
      assert.notEqual(message.type, 'websocket/error', JSON.stringify(message))
      if (message.meta.sequenceNumber !== this.sequence) continue
      const type = message.type.replace('output/execute/wsExecute', '')
      if (type === 'Stdout') seen.stdout += message.payload
      if (type === 'Stderr') seen.stderr += message.payload
      if (last(type, seen)) return {...seen, ...message.payload}
    }
  }
}

const READ = `fn main() { let mut line = String::new();
  loop { line.clear(); println!("ready"); if std::io::stdin().read_line(&mut line).unwrap() == 0 { break }
    println!("<{}>", line.trim()); } println!("end"); }`

// ---- what it does ----

const steps = {
  async 'runs a program'() {
    const {status, value} = await ask('POST', '/execute', {...rust, code: 'fn main() { println!("hello"); }'})
    assert.equal(status, 200)
    assert.deepEqual([value.success, value.stdout, value.exitDetail], [true, 'hello\n', 'Exited with status 0'])
    assert.match(value.stderr, /Compiling playground v0\.0\.1 \(\/playground\)[\s\S]*Finished[\s\S]*Running/)
  },

  async 'is told what does not compile'() {
    const {status, value} = await ask('POST', '/execute', {...rust, code: 'fn main() { x }'})
    assert.deepEqual([status, value.success], [200, false])
    assert.match(value.stderr, /cannot find value `x`[\s\S]*could not compile `playground`/)
  },

  async 'is told what is wrong with a request'() {
    const missing = await ask('POST', '/execute', {code: ''})
    assert.equal(missing.status, 400)
    assert.match(missing.value.error, /^Unable to deserialize request: /)
    const channel = await ask('POST', '/execute', {...rust, channel: 'gamma', code: ''})
    assert.deepEqual([channel.status, channel.value.error], [500, "'gamma' is not a valid channel"])
  },

  async 'evaluates, as mdBook does'() {
    const {value} = await ask('POST', '/evaluate.json', {version: 'stable', optimize: '0', edition: '2021', code: 'fn main() { print!("{}", 6 * 7) }'})
    assert.deepEqual(value, {result: '42', error: null})
  },

  async 'lists crates and versions, and asks again only for what is new'() {
    const crates = await ask('POST', '/meta/crates')
    assert.ok(crates.value.crates.every(crate => crate.name && crate.version && crate.id))
    const versions = await ask('GET', '/meta/versions')
    assert.match(versions.value.stable.rustc.version, /^\d+\.\d+\.\d+/)
    const again = await fetch(new URL('/meta/versions', base), {headers: {'if-none-match': versions.headers.get('etag')}})
    assert.equal(again.status, 304)
  },

  async 'streams, feeds stdin and closes it'() {
    const session = await Session.open()
    session.start(READ)
    await session.until((type, seen) => seen.stdout.includes('ready\n'))
    session.tell('wsExecuteStdin', 'some text\n')
    await session.until((type, seen) => seen.stdout.includes('<some text>\n'))
    session.tell('wsExecuteStdinClose')
    const end = await session.until(type => type === 'End')
    assert.deepEqual([end.success, end.exitDetail], [true, 'Exited with status 0'])
    assert.match(end.stdout, /end\n$/)
    session.socket.close()
  },

  async 'kills what runs, and runs the next'() {
    const session = await Session.open()
    session.start('fn main() { println!("looping"); loop { std::thread::sleep(std::time::Duration::from_secs(1)) } }')
    await session.until((type, seen) => seen.stdout.includes('looping\n'))
    session.tell('wsExecuteKill')
    assert.equal((await session.until(type => type === 'End')).success, false)
    session.start('fn main() { println!("next"); }')
    assert.equal((await session.until(type => type === 'End')).stdout, 'next\n')
    session.socket.close()
  },

  async 'shares, and finds what was shared'() {
    const code = 'fn main() { println!("shared \u{1f980}"); }'
    const made = await ask('POST', '/meta/gist', {code})
    assert.equal(made.status, 200)
    assert.equal(made.value.code, code)
    assert.ok(made.value.url.includes(made.value.id))
    const found = await ask('GET', `/meta/gist/${made.value.id}`)
    assert.deepEqual([found.status, found.value], [200, made.value])
    const files = [{name: 'src/main.rs', content: 'mod a; fn main() {}'}, {name: 'src/a.rs', content: ''}]
    const several = await ask('POST', '/meta/gist/', {code: files})
    assert.deepEqual((await ask('GET', `/meta/gist/${several.value.id}`)).value.code, files)
    assert.equal((await ask('GET', '/meta/gist/nothing')).status, 404)
    assert.match((await ask('POST', '/meta/gist', {})).value.error, /^Unable to deserialize request: missing field `code`/)
  },

  async 'runs by Piston what it lists'() {
    const {value: runtimes} = await ask('GET', '/api/v2/runtimes')
    const python = runtimes.find(runtime => runtime.language === 'python')
    const {value} = await ask('POST', '/api/v2/execute', {
      language: python.aliases[0] ?? 'python', version: python.version, stdin: 'in', args: ['arg'],
      files: [{content: 'import sys; print(sys.argv[1], input()); sys.exit(3)'}],
    })
    assert.deepEqual([value.language, value.version], ['python', python.version])
    assert.deepEqual([value.run.stdout, value.run.code, value.run.signal, value.run.status], ['arg in\n', 3, null, 'RE'])
  },

  async 'is refused by Piston what is above the limit'() {
    const {status, value} = await ask('POST', '/api/v2/execute', {language: 'python', version: '*', files: [{content: ''}], run_timeout: 1e9})
    assert.equal(status, 400)
    assert.match(value.message, /^run_timeout cannot exceed the configured limit of \d+$/)
  },
}

for (const [name, step] of Object.entries(steps)) {
  try {
    await step()
    console.log(`ok ${name}`)
  } catch (fault) {
    console.log(`not ok ${name}: ${fault.stack}`)
    process.exitCode = 1
    break
  }
}
