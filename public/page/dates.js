// @ts-check
// Times and days in the reader's own language and time zone. Pure but for the machine's locale.

import { locale, words } from "./words.js";

const timeFormat = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
const fullFormat = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" });
const longFormat = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });
const dayFormat = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const oldDayFormat = new Intl.DateTimeFormat(locale, { dateStyle: "long" });

/** @param {number} at_ms */
export const timeOf = (at_ms) => timeFormat.format(at_ms);

/** For who listens. @param {number} at_ms */
export const longTimeOf = (at_ms) => longFormat.format(at_ms);

/** @param {number} at_ms */
export const fullTimeOf = (at_ms) => fullFormat.format(at_ms);

/** @param {number} a_ms @param {number} b_ms */
export function isSameDay(a_ms, b_ms) {
  return new Date(a_ms).toDateString() === new Date(b_ms).toDateString();
}

/** "Today", "Monday 3 May", or with the year when it is another. @param {number} at_ms @param {number} now_ms */
export function dayOf(at_ms, now_ms) {
  if (isSameDay(at_ms, now_ms)) return words.today;
  const now = new Date(now_ms);
  if (isSameDay(at_ms, now.setDate(now.getDate() - 1))) return words.yesterday; // not 24 hours ago: some days have 23, or 25
  const isThisYear = new Date(at_ms).getFullYear() === new Date(now_ms).getFullYear();
  return (isThisYear ? dayFormat : oldDayFormat).format(at_ms);
}
