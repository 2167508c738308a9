/** TStamp as text: ISO 8601, basic form, UTC, such as '20010711T163817Z' (TND 1.2, section 8.3.7.6); '' for a node that was never written (rule P1). */
export function formatTimestamp(milliseconds: number): string {
  if (milliseconds === 0) return '';
  return new Date(milliseconds).toISOString().replace(/[-:]|\.\d+/g, '');
}
