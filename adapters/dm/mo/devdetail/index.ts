/** The DevDetail management object, OMA DM 1.2: what a server may want to know of a device. */
import type { Schema } from 'virmo-sync';
import { parseDdf } from 'virmo-sync/ddf';
import { devdetailDdf } from './ddf.ts';

export { devdetailDdf } from './ddf.ts';

/** DevDetail 1.0 as a schema. Ext and Bearer are turned on where it is mounted (`nodes: ['./Ext']`). */
export const devdetail: Schema = parseDdf(devdetailDdf);
