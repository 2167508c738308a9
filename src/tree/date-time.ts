/**
 * ISO 8601 dates and times, as the formats `date` and `time` take them (TND 1.2, DFFormat).
 *
 * A date: YYYY, YYYY-MM, YYYY-MM-DD, YYYY-DDD, YYYY-Www, YYYY-Www-D, each also in basic form (YYYYMM is taken too, as the
 * recorded engine does, although ISO 8601 has no such basic form). The day must be in the calendar.
 *
 * A time: hh, hh:mm, hh:mm:ss with an optional decimal fraction of the last second, or the basic form; then nothing, Z, or
 * an offset in the same form. Midnight is 00, never 24; there is no leap second.
 */

const DATE =
  /^(\d{4})(?:-(\d{2})-(\d{2})|-?(\d{2})|-?(\d{3})|-W(\d{2})(?:-(\d))?|W(\d{2})(\d)?|(\d{2})(\d{2}))?$/;
const EXTENDED_TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?:Z|[+-](\d{2}):(\d{2}))?$/;
const BASIC_TIME = /^(\d{2})(?:(\d{2})(?:(\d{2})(?:[.,]\d+)?)?)?(?:Z|[+-](\d{2})(\d{2}))?$/;

/** Whether this is a date that exists. */
export function isDate(text: string): boolean {
  const match = DATE.exec(text);
  if (match === null) return false;
  const year = Number(match[1]);
  const month = match[2] ?? match[4] ?? match[10];
  if (month !== undefined) return isMonthAndDay(year, Number(month), Number(match[3] ?? match[11] ?? 1));
  if (match[5] !== undefined) return isBetween(Number(match[5]), 1, daysInYear(year));
  const week = match[6] ?? match[8];
  if (week === undefined) return true;
  return isBetween(Number(week), 1, weeksInYear(year)) && isBetween(Number(match[7] ?? match[9] ?? 1), 1, 7);
}

/** Whether this is a time of day. */
export function isTime(text: string): boolean {
  const match = EXTENDED_TIME.exec(text) ?? BASIC_TIME.exec(text);
  if (match === null) return false;
  const [, hour, minute, second, offsetHour, offsetMinute] = match;
  return (
    isAtMost(hour, 23) &&
    isAtMost(minute, 59) &&
    isAtMost(second, 59) &&
    isAtMost(offsetHour, 23) &&
    isAtMost(offsetMinute, 59)
  );
}

function isMonthAndDay(year: number, month: number, day: number): boolean {
  return isBetween(month, 1, 12) && isBetween(day, 1, daysInMonth(year, month));
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function daysInYear(year: number): number {
  return isLeapYear(year) ? 366 : 365;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** 53 in a year that begins or ends on a Thursday (ISO 8601), 52 in the others. */
function weeksInYear(year: number): number {
  return weekdayOfDecember31(year) === 4 || weekdayOfDecember31(year - 1) === 3 ? 53 : 52;
}

/** 0 is Sunday. */
function weekdayOfDecember31(year: number): number {
  return (year + Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400)) % 7;
}

function isBetween(value: number, low: number, high: number): boolean {
  return value >= low && value <= high;
}

/** A part that was left out is in order. */
function isAtMost(digits: string | undefined, high: number): boolean {
  return digits === undefined || Number(digits) <= high;
}
