// Clients of `gamma score --listen`, good, slow and malformed, who speak HTTP by hand.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Sends a request and gives what comes back: its `status`, 0 for none, and its `body`. `pace`: milliseconds between
 * parts of `part` bytes; after `leave` bytes the client goes, after `stall` bytes it sends nothing more and waits.
 */
function ask(port, request, { pace = 0, part = 1024, leave, stall } = {}) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      const status = Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? 0);
      resolve({ status, body: answer.slice(answer.indexOf('\r\n\r\n') + 4) });
    });
    socket.on('connect', async () => {
      const end = leave ?? stall ?? request.length;
      if (pace === 0) socket.write(request.subarray(0, end));
      for (let at = 0; pace > 0 && at < end && !socket.destroyed; at += part) {
        socket.write(request.subarray(at, Math.min(at + part, end)));
        await sleep(pace);
      }
      if (leave !== undefined) socket.destroy();
    });
  });
}

const HEAD = 'Host: x\r\nConnection: close\r\n';

export const get = (port, path) => ask(port, Buffer.from(`GET ${path} HTTP/1.1\r\n${HEAD}\r\n`));

function post(body, { length = body.length, path = '/score' } = {}) {
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${HEAD}Content-Length: ${length}\r\n\r\n`), body]);
}

/** What a server has to say to each kind of client; 0: nothing, since the client went or was sent away without an answer. */
export const KINDS = {
  good: { answers: [200, 429], ask: (port, photo) => ask(port, post(photo)) },
  // One that is sent away while it still sends may find its connection reset before it has read why.
  slow: {
    answers: [200, 429, 0],
    ask: (port, photo) => ask(port, post(photo), { pace: 20, part: Math.ceil(photo.length / 40) }),
  },
  leaves: { answers: [0, 429], ask: (port, photo) => ask(port, post(photo), { pace: 5, leave: photo.length >> 1 }) },
  'no photo': { answers: [422, 429], ask: (port) => ask(port, post(Buffer.from('no photo'))) },
  'broken photo': { answers: [422, 429], ask: (port, photo) => ask(port, post(photo.subarray(0, 2000))) },
  empty: { answers: [400, 429], ask: (port) => ask(port, post(Buffer.alloc(0))) },
  'too large': { answers: [413], ask: (port) => ask(port, post(Buffer.alloc(1000), { length: 1e9 })) },
  'no HTTP': { answers: [400], ask: (port) => ask(port, Buffer.from('\0\x01\x02\r\n\r\n')) },
  'no length': {
    answers: [400],
    ask: (port) => ask(port, Buffer.from('POST /score HTTP/1.1\r\nContent-Length: many\r\n\r\n')),
  },
  'unknown option': { answers: [400, 429], ask: (port, photo) => ask(port, post(photo, { path: '/score?size=1' })) },
  'unknown path': { answers: [404], ask: (port) => get(port, '/other') },
  // A head that never ends, and a photo that never does.
  'endless head': {
    answers: [0, 408],
    ask: (port) => ask(port, Buffer.from(`POST /score HTTP/1.1\r\n${HEAD}`), { pace: 500, part: 8, stall: 40 }),
  },
  stalls: { answers: [408, 429], ask: (port, photo) => ask(port, post(photo), { stall: photo.length >> 1 }) },
};
