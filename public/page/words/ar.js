// @ts-check
// Every word that a person reads on the page, in Arabic. See en.js.

import { plurals } from "./plurals.js";

const say = plurals("ar");

// The front page, and the question for a name.
export const lead = "غرف للحديث. اختر اسمًا، وافتح غرفة، وشارك رابطها.";
export const yourName = "اسمك";
export const roomName = "الغرفة";
export const roomHint = "مثلًا ⁦tea-time⁩: حروف لاتينية وأرقام والعلامات ⁦. _ ~ -⁩";
export const join = "انضم";
export const openRooms = "الغرف المفتوحة";
export const recentRooms = "غرفك";
export const unread = "فيها جديد";
/** @param {string} room */
export const forget = (room) => `انسَ ⁨${room}⁩`;
export const aboutTitle = "ما هذا";
export const aboutName = "الغرفة رابط. لا حساب ولا تثبيت: يكفي اسم.";
export const aboutKept = "لا شيء يضيع: ما تقوله يصل مرة واحدة وبترتيبه، حتى على اتصال سيئ.";
export const aboutPrivate = "الغرفة الخاصة رابط لا يخمّنه أحد.";
export const newPrivateRoom = "غرفة خاصة جديدة";
export const privateHint = "لا تظهر في القائمة، واسمها لا يُخمَّن: لا يدخلها إلا من لديه الرابط.";
export const otherRoom = "اختر غرفة أخرى";
/** @param {string} room */
export const enterTitle = (room) => `الانضمام إلى ⁨${room}⁩`;
export const enterPrivate = "الانضمام إلى غرفة خاصة";
export const enterLead = "بماذا يناديك الآخرون؟";
export const nameMissing = "أخبر الآخرين بماذا ينادونك.";
export const roomWrong = "استخدم من 1 إلى 64 من الحروف اللاتينية أو الأرقام أو ⁦. _ ~ -⁩ وابدأ بحرف أو رقم أو ⁦~⁩";
export const roomReserved = "يحتفظ الخادم بهذا الاسم لنفسه. اختر اسمًا آخر.";
export const noRooms = "لا أحد في غرفة مفتوحة الآن. سمِّ غرفة في الأعلى وكن الأول.";
export const roomsUnknown = "لم تصل قائمة الغرف. ما زال بإمكانك تسمية غرفة في الأعلى.";
/** @param {number} count */
export const peopleIn = (count) =>
  say(count, { zero: "لا أحد هنا", one: "شخص واحد هنا", two: "شخصان هنا", few: "# أشخاص هنا", many: "# شخصًا هنا", other: "# شخص هنا" });

// The frame of a room.
export const frontPage = "Parlor، الصفحة الأولى";
export const privateRoom = "غرفة خاصة";
export const share = "شارك الرابط";
export const leave = "غادر";
export const close = "أغلق";
export const save = "احفظ";
export const cancel = "ألغِ";

// The connection.
export const connecting = "جارٍ الاتصال";
export const live = "متصل";
export const reconnecting = "جارٍ إعادة الاتصال";
export const offline = "بلا إنترنت";
export const disconnected = "انقطع الاتصال";
export const left = "غادرت";
export const tryNow = "حاول الآن";
export const reload = "أعد التحميل";
/** @param {number} seconds */
export const retryIn = (seconds) =>
  say(seconds, {
    zero: "لا اتصال. المحاولة التالية الآن",
    one: "لا اتصال. المحاولة التالية بعد ثانية واحدة",
    two: "لا اتصال. المحاولة التالية بعد ثانيتين",
    few: "لا اتصال. المحاولة التالية بعد # ثوانٍ",
    many: "لا اتصال. المحاولة التالية بعد # ثانية",
    other: "لا اتصال. المحاولة التالية بعد # ثانية",
  });
export const retryingNow = "لا اتصال. جارٍ المحاولة من جديد …";
/** @param {number} seconds */
export const flooded = (seconds) =>
  say(seconds, {
    zero: "رسائل كثيرة دفعة واحدة. نعود الآن",
    one: "رسائل كثيرة دفعة واحدة. نعود بعد ثانية واحدة",
    two: "رسائل كثيرة دفعة واحدة. نعود بعد ثانيتين",
    few: "رسائل كثيرة دفعة واحدة. نعود بعد # ثوانٍ",
    many: "رسائل كثيرة دفعة واحدة. نعود بعد # ثانية",
    other: "رسائل كثيرة دفعة واحدة. نعود بعد # ثانية",
  });
export const offlineLong = "أنت بلا إنترنت. ما تكتبه يُرسَل حين تعود.";
/** Why the server ended the connection, by its close code. @type {Record<number, string>} */
export const ended = {
  4401: "انتهى إذن دخولك إلى هذه الغرفة.",
  4403: "أخرجك أحد المشرفين من هذه الغرفة.",
  1003: "لم يفهم الخادم ما أرسلته هذه الصفحة. أعد تحميلها للمتابعة.",
  1009: "لم يفهم الخادم ما أرسلته هذه الصفحة. أعد تحميلها للمتابعة.",
  4400: "لم يفهم الخادم ما أرسلته هذه الصفحة. أعد تحميلها للمتابعة.",
};
/** @param {string} why  The server's words. */
export const notLetIn = (why) => `لا تسمح لك هذه الغرفة بالدخول: \u2068${why}\u2069.`;
export const endedSomehow = "أغلق الخادم الاتصال.";

// The lines.
export const messages = "الرسائل";
export const earlier = "رسائل أقدم";
export const loading = "جارٍ التحميل…";
export const newest = "الأحدث";
/** @param {number} count */
export const newLines = (count) =>
  say(count, { zero: "لا جديد", one: "رسالة جديدة", two: "رسالتان جديدتان", few: "# رسائل جديدة", many: "# رسالة جديدة", other: "# رسالة جديدة" });
/** @param {string} room */
export const beginning = (room) => `هنا تبدأ ⁨${room}⁩. ألقِ التحية، أو شارك الرابط لتدعو أحدًا.`;
export const beginningPrivate = "هنا تبدأ غرفة خاصة. ألقِ التحية، أو شارك الرابط لتدعو أحدًا.";
export const unreadHere = "جديد";
export const newMessages = "رسائل جديدة";
/** @param {string} name */
export const joinedOne = (name) => `دخل ⁨${name}⁩`;
/** @param {string} name @param {string} other */
export const joinedTwo = (name, other) => `دخل ⁨${name}⁩ و⁨${other}⁩`;
/** @param {string} name @param {number} count */
export const joinedMany = (name, count) =>
  `دخل ⁨${name}⁩ ${say(count, { zero: "وحده", one: "وشخص آخر", two: "وشخصان آخران", few: "و# آخرون", many: "و# آخرون", other: "و# آخرون" })}`;
/** @param {string} name */
export const goneOne = (name) => `غادر ⁨${name}⁩`;
/** @param {string} name @param {string} other */
export const goneTwo = (name, other) => `غادر ⁨${name}⁩ و⁨${other}⁩`;
/** @param {string} name @param {number} count */
export const goneMany = (name, count) =>
  `غادر ⁨${name}⁩ ${say(count, { zero: "وحده", one: "وشخص آخر", two: "وشخصان آخران", few: "و# آخرون", many: "و# آخرون", other: "و# آخرون" })}`;
/** @param {string} name @param {string} other */
export const renamedTo = (name, other) => `⁨${name}⁩ صار اسمه ⁨${other}⁩`;
export const today = "اليوم";
export const yesterday = "أمس";
export const sending = "جارٍ الإرسال…";
export const notSent = "لم تُرسَل.";
export const retry = "أعد المحاولة";
export const discard = "تجاهل";
export const reply = "رد";
export const earlierLine = "رسالة أقدم";
export const deletedLine = "حُذفت هذه الرسالة.";

// Writing.
export const message = "الرسالة";
export const writeSomething = "اكتب شيئًا";
export const send = "أرسل";
export const replyingTo = "رد على";
export const dontReply = "لا ترد";
/** @param {number} count */
export const charactersLeft = (count) =>
  say(count, { zero: "لم يبقَ شيء", one: "بقي حرف واحد", two: "بقي حرفان", few: "بقيت # أحرف", many: "بقي # حرفًا", other: "بقي # حرف" });
/** @param {number} count */
export const charactersOver = (count) =>
  say(count, { zero: "لا زيادة", one: "حرف واحد زائد", two: "حرفان زائدان", few: "# أحرف زائدة", many: "# حرفًا زائدًا", other: "# حرف زائد" });
export const mention = "إشارة";
/** @param {string} name */
export const typingOne = (name) => `⁨${name}⁩ يكتب…`;
/** @param {string} name @param {string} other */
export const typingTwo = (name, other) => `⁨${name}⁩ و⁨${other}⁩ يكتبان…`;
export const typingMany = "عدة أشخاص يكتبون…";

// Who is here.
export const whoIsHere = "من هنا";
export const hereNow = "هنا الآن";
export const here = "هنا";
export const people = "الأشخاص";
export const you = "أنت";
/** @param {number} count */
export const othersHere = (count) =>
  say(count, { zero: "ولا أحد غيرهم", one: "وشخص آخر", two: "وشخصان آخران", few: "و# آخرون", many: "و# آخرون", other: "و# آخرون" });
export const changeName = "غيّر الاسم";
export const newName = "الاسم الجديد";

// What a moderator sees, and what binds the others.
export const more = "المزيد";
/** @param {string} name */
export const moreOf = (name) => `المزيد عن ⁨${name}⁩`;
export const moderation = "الإشراف";
export const readOnly = "يمكنك القراءة هنا، لا الكتابة.";
export const isLocked = "الغرفة مقفلة: لا يكتب فيها إلا المشرفون.";
/** @param {number} count */
export const isSlow = (count) =>
  say(count, {
    zero: "الوضع البطيء متوقف.",
    one: "الوضع البطيء: رسالة كل ثانية.",
    two: "الوضع البطيء: رسالة كل ثانيتين.",
    few: "الوضع البطيء: رسالة كل # ثوانٍ.",
    many: "الوضع البطيء: رسالة كل # ثانية.",
    other: "الوضع البطيء: رسالة كل # ثانية.",
  });

// To be told, and to do things by keys.
export const notify = "نبّهني حين يُشار إليّ";
export const shortcuts = "اختصارات لوحة المفاتيح";

// What went wrong, by the protocol's error codes. Others are shown in the server's own words.
/** @type {Record<string, string>} */
export const refusals = {
  rate_limited: "مهلًا: تأخذ هذه الغرفة نفَسًا بين الرسائل.",
  text_too_long: "أطول مما يجب.",
  empty_text: "ليس فيها ما يُرسَل.",
  bad_name: "هذا الاسم لا يصلح: أطول مما يجب، أو فيه أحرف لا تُرى.",
  disconnected: "لست متصلًا.",
  no_answer: "لم تُجب الغرفة.",
  expired: "انتظرت أكثر من يوم.",
  maybe_sent: "ربما أُرسلت من قبل: انظر قبل أن تعيد المحاولة.",
  not_stored: "لم تستطع الغرفة حفظها. حاول من جديد.",
  forbidden: "لا يُسمح لك بهذا هنا.",
  muted: "أسكتك أحد المشرفين.",
  room_locked: "الغرفة مقفلة: لا يكتب فيها إلا المشرفون.",
  room_full: "الغرفة ممتلئة.",
  unauthorized: "تحتاج هذه الغرفة إلى دعوة، ودعوتك ناقصة أو منتهية.",
  banned: "أنت محظور من هذه الغرفة.",
  unknown_message: "لم تعد هذه الرسالة موجودة.",
  too_many: "العدد كبير بالفعل. ارفع بعضها أولًا.",
};
export const somethingWrong = "حدث خطأ ما.";
/** @param {number} count */
export const textTooLong = (count) =>
  say(count, {
    zero: "أطول مما يجب.",
    one: "أطول مما يجب: حرف واحد على الأكثر.",
    two: "أطول مما يجب: حرفان على الأكثر.",
    few: "أطول مما يجب: # أحرف على الأكثر.",
    many: "أطول مما يجب: # حرفًا على الأكثر.",
    other: "أطول مما يجب: # حرف على الأكثر.",
  });
/** @param {number} count */
export const badName = (count) =>
  say(count, {
    zero: "هذا الاسم لا يصلح.",
    one: "للاسم حرف واحد يُرى.",
    two: "للاسم حرف أو حرفان، كلها تُرى.",
    few: "للاسم من حرف إلى # أحرف، كلها تُرى.",
    many: "للاسم من حرف إلى # حرفًا، كلها تُرى.",
    other: "للاسم من حرف إلى # حرف، كلها تُرى.",
  });
