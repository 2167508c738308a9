import { readFileSync } from 'node:fs';

const pem = (name: string): Buffer => readFileSync(new URL(`tls/${name}.pem`, import.meta.url));

/** A server that asks for a client's certificate and refuses one that the test authority did not sign. */
export const serverTls: { key: Buffer; cert: Buffer; ca: Buffer; requestCert: true } = {
  key: pem('server-key'),
  cert: pem('server'),
  ca: pem('ca'),
  requestCert: true,
};

export const clientTls: { key: Buffer; cert: Buffer; ca: Buffer } = {
  key: pem('client-key'),
  cert: pem('client'),
  ca: pem('ca'),
};
