// @ts-check
// The words of dialogs and menus, in Arabic: apart from ar.js because they are loaded when one is opened first.

import { plurals } from "./plurals.js";

const say = plurals("ar");

// Sharing a room.
export const shareTitle = "ادعُ أحدًا";
export const shareHint = "كل من يفتح هذا الرابط يكون في الغرفة.";
export const sharePrivateHint = "لا يدخل إلا من لديه هذا الرابط، ومن لديه يستطيع أن يمرره.";
export const link = "الرابط";
export const copyLink = "انسخ الرابط";
export const copied = "تم النسخ.";
export const copyDenied = "لا يسمح المتصفح لهذه الصفحة بالنسخ: انسخه بنفسك.";
export const shareElsewhere = "شارك…";

// What one may do with a line or a person.
export const copyText = "انسخ النص";
export const report = "أبلغ عنها…";
export const reportTitle = "الإبلاغ عن هذه الرسالة";
export const reportReason = "ما الخطأ فيها؟ يقرأ هذا المشرفون.";
export const reportIt = "أبلغ";
export const reportedTold = "تم الإبلاغ. شكرًا لك.";
export const deleteMessage = "احذف…";
export const deleteTitle = "أتحذف هذه الرسالة؟";
export const deleteSure = "يذهب نصها عن الجميع ولا يعود.";
export const deleteIt = "احذف";
export const deletedTold = "حُذفت الرسالة.";
/** @param {string} name */
export const mute = (name) => `أسكت ⁨${name}⁩…`;
/** @param {string} name */
export const unmute = (name) => `اسمح بكلام ⁨${name}⁩`;
/** @param {string} name */
export const remove = (name) => `أخرج ⁨${name}⁩…`;
/** @param {string} name */
export const ban = (name) => `احظر ⁨${name}⁩…`;
/** @param {string} name */
export const muteTitle = (name) => `إسكات ⁨${name}⁩؟`;
/** @param {string} name */
export const removeTitle = (name) => `إخراج ⁨${name}⁩؟`;
/** @param {string} name */
export const banTitle = (name) => `حظر ⁨${name}⁩؟`;
/** What each of them means. */
export const sure = {
  mute: "لا تقبل الغرفة رسائل منه.",
  remove: "تنتهي اتصالاته، وله أن يعود.",
  ban: "تنتهي اتصالاته، ولا تدخله الغرفة بعد ذلك.",
};
/** What the button says. */
export const acts = { mute: "أسكت", remove: "أخرج", ban: "احظر" };
/** @param {string} name */
export const mutedTold = (name) => `أُسكت ⁨${name}⁩.`;
/** @param {string} name */
export const unmutedTold = (name) => `يُسمح الآن بكلام ⁨${name}⁩.`;
/** @param {string} name */
export const removedTold = (name) => `أُخرج ⁨${name}⁩.`;
/** @param {string} name */
export const bannedTold = (name) => `حُظر ⁨${name}⁩.`;
/** @param {string} name */
export const unbannedTold = (name) => `يُسمح بدخول ⁨${name}⁩ من جديد.`;
export const forHowLong = "إلى متى؟";
export const forGood = "دائمًا";
/** @param {number} count */
export const seconds = (count) =>
  say(count, { zero: "بلا ثوانٍ", one: "ثانية واحدة", two: "ثانيتان", few: "# ثوانٍ", many: "# ثانية", other: "# ثانية" });
/** @param {number} count */
export const minutes = (count) =>
  say(count, { zero: "بلا دقائق", one: "دقيقة واحدة", two: "دقيقتان", few: "# دقائق", many: "# دقيقة", other: "# دقيقة" });
/** @param {number} count */
export const hours = (count) =>
  say(count, { zero: "بلا ساعات", one: "ساعة واحدة", two: "ساعتان", few: "# ساعات", many: "# ساعة", other: "# ساعة" });
/** @param {number} count */
export const days = (count) =>
  say(count, { zero: "بلا أيام", one: "يوم واحد", two: "يومان", few: "# أيام", many: "# يومًا", other: "# يوم" });

// Keeping a room in order.
export const lock = "لا يكتب إلا المشرفون";
export const lockedTold = "لا يكتب الآن إلا المشرفون.";
export const unlockedTold = "للجميع أن يكتبوا من جديد.";
export const slowMode = "الوقت بين رسالتين من عضو واحد";
export const off = "بلا";
export const slowTold = "الوضع البطيء يعمل.";
export const fastTold = "الوضع البطيء متوقف.";
export const clear = "احذف كل الرسائل…";
export const clearTitle = "أتحذف كل الرسائل؟";
export const clearSure = "تبدأ الغرفة من جديد عند الجميع، ولا شيء يعيد رسائلها.";
export const clearIt = "احذف الكل";
export const clearedTold = "حُذفت كل الرسائل.";
export const reports = "البلاغات";
export const noReports = "لا بلاغات.";
export const mutedList = "المُسكَتون";
export const bannedList = "المحظورون";
export const lift = "ارفع";
export const done = "ما جرى";
export const somebody = "أحدهم";
/** @param {string} name @param {string} time */
export const reportedBy = (name, time) => `بلاغ من ⁨${name}⁩، ${time}`;
/** @param {string} name @param {string} time */
export const until = (name, time) => `⁨${name}⁩، حتى ${time}`;
/** @param {string} name @param {string} action */
export const did = (name, action) => `⁨${name}⁩: ${action}`;
/** @param {string} name @param {string} action @param {string} other */
export const didTo = (name, action, other) => `⁨${name}⁩: ${action} ⁨${other}⁩`;
/** What was done, by the protocol's names. @type {Record<string, string>} */
export const actions = {
  delete: "حذف رسالة",
  remove: "إخراج",
  ban: "حظر",
  unban: "رفع الحظر عن",
  mute: "إسكات",
  unmute: "رفع الإسكات عن",
  lock: "قفل الغرفة أو فتحها",
  slow_mode: "ضبط الوضع البطيء",
  clear: "حذف كل الرسائل",
};

// Mentions and notifications of them.
/** @param {number} count */
export const suggestions = (count) =>
  say(count, {
    zero: "لا أحد",
    one: "شخص واحد، اختر بالأسهم",
    two: "شخصان، اختر بالأسهم",
    few: "# أشخاص، اختر بالأسهم",
    many: "# شخصًا، اختر بالأسهم",
    other: "# شخص، اختر بالأسهم",
  });
/** @param {string} name @param {string} room */
export const mentionedIn = (name, room) => `أشار إليك ⁨${name}⁩ في ⁨${room}⁩`;
export const notifying = "ينبّهك حين يُشار إليك";
export const notifyDenied = "لا يسمح المتصفح لهذا الموقع بتنبيهك.";

// What the keys do.
export const keySend = "أرسل";
export const keyBreak = "سطر جديد";
export const keyMention = "أشر إلى أحد";
export const keyUp = "من رسالة فارغة: إلى الرسائل";
export const keyLines = "رسالة رسالة";
export const keyReply = "رد على الرسالة";
export const keyMore = "المزيد عن الرسالة";
export const keyEnds = "أول رسالة، وأحدث رسالة";
export const keyWrite = "عُد إلى الكتابة";
export const keyList = "من الرسائل: هذه القائمة";
export const keyListAnywhere = "هذه القائمة";
