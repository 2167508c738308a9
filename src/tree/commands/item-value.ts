/** From an Item's Meta and Data to the value of a leaf: what is left out is inferred, what is there is judged. */
import { decodeBase64 } from '../base64.ts';
import type { Meta } from '../command.ts';
import { checkData, nullData } from '../format.ts';
import type { SchemaNode } from '../schema.ts';
import { defaultValueOf } from '../schema-value.ts';
import { Status } from '../status.ts';
import { isWellFormed } from '../text.ts';
import { type Data, DEFAULT_TYPE, type Format, type LeafFormat, type Value } from '../value.ts';

/** The value that an Item brings, or the status that refuses it. */
export type ItemValue =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly status: Status };

/** The leaf that is to hold the value. */
export interface Holder {
  readonly schema: SchemaNode | undefined;
  /** The present value; `undefined` where the leaf is about to be added. */
  readonly value: Value | undefined;
  /** A permanent leaf answers 405 to another Format or Type, others 415 (RepPro 4.1.6.11). */
  readonly permanent: boolean;
}

/**
 * The value that the Item brings to the holder.
 *
 * Format: Meta's, else the schema's, else the present one, else chr. Where there is a schema it must be the schema's. Base64
 * for a bin leaf is the bytes' travelling dress: it is decoded and the leaf stays bin (TND 1.2, section 8.3.7.2). Type:
 * Meta's, which must be one of the schema's, if that names any; else the present one, the schema's first, text/plain. A bool
 * may come in capitals. Data that is none of the format: 415, as the recorded engine answers.
 */
export function readItemValue(meta: Meta | undefined, data: Data | undefined, holder: Holder): ItemValue {
  if (isTnds(meta)) return { ok: false, status: Status.UnsupportedFormat };
  const mismatch = holder.permanent ? Status.NotAllowed : Status.UnsupportedFormat;
  const native = holder.schema?.format ?? holder.value?.format;
  const format = readFormat(meta?.format, native, holder.schema !== undefined);
  if (format === undefined) return { ok: false, status: mismatch };
  if (meta?.type !== undefined && !takesType(holder.schema, meta.type))
    return { ok: false, status: mismatch };
  const type = meta?.type ?? inferType(format, holder);
  if (data === undefined) return withoutData(format, type, holder.schema);
  const plain = readData(format, meta?.format, data);
  if (plain === undefined || checkData(format, plain) !== undefined) {
    return { ok: false, status: Status.UnsupportedFormat };
  }
  return { ok: true, value: { format, type, data: plain } };
}

/** Whether the type says that the Data describes nodes, a TNDS document. Another layer takes those apart; here they are 415. */
export function isTnds(meta: Meta | undefined): boolean {
  return (
    meta?.type !== undefined && /^application\/vnd\.syncml\.dmtnds\+(?:xml|wbxml)$/.test(essenceOf(meta.type))
  );
}

/** Whether a leaf of this kind takes the MIME type. Case and parameters do not matter; a schema that names none takes all. */
export function takesType(schema: SchemaNode | undefined, type: string): boolean {
  if (!isWellFormed(type)) return false;
  if (schema === undefined || schema.types.length === 0) return true;
  const essence = essenceOf(type);
  return schema.types.some((allowed) => allowed === type || essenceOf(allowed) === essence);
}

function readFormat(
  wanted: Format | undefined,
  native: Format | undefined,
  isFixed: boolean,
): LeafFormat | undefined {
  const format = wanted === undefined || (wanted === 'b64' && native === 'bin') ? (native ?? 'chr') : wanted;
  if (format === 'node' || (isFixed && format !== native)) return undefined;
  return format;
}

function inferType(format: LeafFormat, { schema, value }: Holder): string {
  if (value !== undefined && value.format === format) return value.type;
  return schema?.types[0] ?? DEFAULT_TYPE;
}

/** An Add may leave the Data out; a date or a time has no null value to take then. */
function withoutData(format: LeafFormat, type: string, schema: SchemaNode | undefined): ItemValue {
  const data = schema === undefined ? nullData(format) : defaultValueOf(schema).data;
  if (checkData(format, data) !== undefined) return { ok: false, status: Status.Incomplete };
  return { ok: true, value: { format, type, data } };
}

function readData(format: LeafFormat, wanted: Format | undefined, data: Data): Data | undefined {
  if (typeof data !== 'string') return data;
  if (format === 'bin' && wanted === 'b64') return decodeBase64(data);
  return format === 'bool' ? data.toLowerCase() : data;
}

function essenceOf(type: string): string {
  const end = type.indexOf(';');
  return (end < 0 ? type : type.slice(0, end)).trim().toLowerCase();
}
