/** Identities of nodes (rule I2): computed by everyone, sent by nobody's say-so. */
import { toBase64UrlEncoded } from 'lib0/buffer';
import { digest } from 'lib0/hash/sha256';
import { encodeUtf8 } from 'lib0/string';

/** 22 characters of base64url: the first 128 bits and a bit of a SHA-256. */
export type NodeId = string;

const length = 22;

/** The constant id of every management object's root (rule I3). */
export const rootId: NodeId = '-'.repeat(length);

/**
 * The id of a node by its parent's id, its name at creation (normalised by the schema's CaseSense), its kind, and k, which tells apart nodes made under one name
 * while an earlier one lives on under another (rule I2). The parts cannot run into each other: the parent's id has a fixed length, k is decimal digits, and the name ends the text.
 */
export function nodeId(parent: NodeId, normalisedName: string, kind: 'interior' | 'leaf', k: number): NodeId {
  const text = `${parent}${kind === 'leaf' ? 'l' : 'i'}${k}/${normalisedName}`;
  return toBase64UrlEncoded(digest(encodeUtf8(text))).slice(0, length);
}

/** The hash by which two VMs see that their schemas are the same: of the canonical text (rule M6); '' without a schema. */
export function textHash(text: string): string {
  return text === '' ? '' : toBase64UrlEncoded(digest(encodeUtf8(text)));
}
