/** The bytes of the samples, written down once: they change only together with the protocol's version (docs/protocol.md). */
import type { Message } from '../../src/wire/message.ts';

/** Of each of `samples`, in hex. */
export const goldenMessages: Readonly<Record<Message['type'], string>> = {
  hello: '000a7669726d6f2d73796e6301020467616d650a67656865696d20e29c9380808080802003',
  welcome: '010106646576696365',
  open: '02030466756d6fffffffffffffff0f8080808010ac0280808080808080020300010004714c3852155b5b222e2f5374617465222c226c6f63616c225d5d027b7d010278390102810107808080808080800801',
  opened:
    '0303a202ad0280808080808080040205ac028080808080808004ad02ab0280d095ffbc3101020467616d6581010901094d018101070807696e76616c6964026e6f02747682010100000401020000',
  closed: '04030f736368656d612d6d69736d617463681066756d6f3a2069742064696666657273',
  branch: '0503020580808080808080080402020000',
  news: '0680010402020000ae0206ad02050181010a0a056c6f63616c1677686174206973206174205374617465207374617973',
  ping: '07',
  pong: '08',
  bye: '09066e6f726d616c1c74686520564d20636c6f7365732074686520636f6e6e656374696f6e',
  seen: '0a8001ae02',
  lost: '0b04010100',
  found: '0c0401027476820102',
  check: '0d04ae0280808080808040',
};

/** The frames of a ping, and of the sample welcome over a channel that takes 9 bytes at a time. */
export const goldenFrames = {
  ping: ['00075c87bddf'],
  welcomeInNines: ['010101066438d1b95e', '0165766963722d42c7', '00652887017c'],
} as const;

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
